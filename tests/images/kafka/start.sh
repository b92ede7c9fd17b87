#!/bin/bash
# Writes server.properties from the environment (KAFKA_NODE_ID is node.id; __ stands for _ and ___ for -), formats the log
# directory unless it is formatted, and becomes the broker.
set -euo pipefail
config=/opt/kafka/config/server.properties
: >"$config"
while IFS='=' read -r -d '' name value; do
  case "$name" in
    KAFKA_HEAP_OPTS | KAFKA_OPTS) ;;
    KAFKA_*)
      key=${name#KAFKA_}
      key=${key//___/-}
      key=${key//__/%}
      key=${key//_/.}
      key=${key//%/_}
      printf '%s=%s\n' "${key,,}" "$value" >>"$config"
      ;;
  esac
done < <(env -0)
grep -q '^log.dirs=' "$config" || echo 'log.dirs=/var/lib/kafka/data' >>"$config"

export CLASSPATH='/opt/kafka/libs/*' # Java expands it, the shell must not.
logging=-Dlog4j2.configurationFile=/opt/kafka/log4j2.properties
java "$logging" -XX:TieredStopAtLevel=1 kafka.tools.StorageTool format --ignore-formatted \
  -t "${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}" -c "$config"
# shellcheck disable=SC2086  # Several options each.
exec java "$logging" ${KAFKA_HEAP_OPTS:--Xmx512m -Xms256m} ${KAFKA_OPTS:-} kafka.Kafka "$config"
