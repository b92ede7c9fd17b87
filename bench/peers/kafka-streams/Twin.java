import aitrader.bench.Tick;
import aitrader.bench.TickTotal;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The benches' stateful read-process-write in Kafka Streams: running figures per key in a changelogged store, one
 * enriched record out per record in. Says `running` when it is, ends when its input does.
 *
 * Arguments, each `name=value`: broker, application, in, out, in_schema, out_schema, guarantee, threads, commit_ms,
 * store (rocksdb or memory), state_dir; what begins with `streams.` goes to Kafka Streams as it stands.
 */
public class Twin {
  static final String STORE = "totals";

  /** What is kept per key; 40 bytes. */
  record Total(long count, long qtySum, long lastPx, long minPx, long maxPx) {}

  static final Serializer<Total> WRITE = (topic, total) -> ByteBuffer.allocate(40)
      .putLong(total.count).putLong(total.qtySum).putLong(total.lastPx).putLong(total.minPx).putLong(total.maxPx)
      .array();
  static final Deserializer<Total> READ = (topic, bytes) -> {
    var from = ByteBuffer.wrap(bytes);
    return new Total(from.getLong(), from.getLong(), from.getLong(), from.getLong(), from.getLong());
  };

  static class Totals implements FixedKeyProcessor<String, Tick, TickTotal> {
    private FixedKeyProcessorContext<String, TickTotal> context;
    private KeyValueStore<String, Total> store;

    @Override
    public void init(FixedKeyProcessorContext<String, TickTotal> context) {
      this.context = context;
      this.store = context.getStateStore(STORE);
    }

    @Override
    public void process(FixedKeyRecord<String, Tick> record) {
      var tick = record.value();
      var before = store.get(record.key());
      long px = tick.getPx();
      var total = before == null
          ? new Total(1, tick.getQty(), px, px, px)
          : new Total(before.count + 1, before.qtySum + tick.getQty(), px, Math.min(before.minPx, px), Math.max(before.maxPx, px));
      store.put(record.key(), total);
      context.forward(record.withValue(new TickTotal(
          tick.getInstrumentId(), tick.getVenue(), tick.getSource(), tick.getSequence(), tick.getEventTimeUs(),
          tick.getReceiveTimeUs(), px, tick.getQty(), tick.getAggressorBuy(), total.count, total.qtySum,
          before == null ? 0L : before.lastPx, total.minPx, total.maxPx, tick.getPayload())));
    }
  }

  public static void main(String[] arguments) throws Exception {
    Properties given = new Properties();
    for (String argument : arguments) {
      int at = argument.indexOf('=');
      given.setProperty(argument.substring(0, at), argument.substring(at + 1));
    }
    Properties config = new Properties();
    config.put("bootstrap.servers", given.getProperty("broker"));
    config.put("application.id", given.getProperty("application"));
    config.put("processing.guarantee", given.getProperty("guarantee"));
    config.put("num.stream.threads", given.getProperty("threads"));
    config.put("commit.interval.ms", given.getProperty("commit_ms"));
    config.put("state.dir", given.getProperty("state_dir"));
    config.put("auto.offset.reset", "earliest");
    for (String name : given.stringPropertyNames()) {
      if (name.startsWith("streams.")) config.put(name.substring("streams.".length()), given.getProperty(name));
    }
    var streams = new KafkaStreams(topology(given), config);
    streams.setUncaughtExceptionHandler(cause -> {
      cause.printStackTrace();
      System.exit(1);
      return null;
    });
    streams.setStateListener((now, before) -> {
      if (now == KafkaStreams.State.RUNNING) System.out.println("running");
    });
    streams.start();
    while (System.in.read() >= 0) {}
    streams.close(Duration.ofSeconds(20));
    System.exit(0);
  }

  static org.apache.kafka.streams.Topology topology(Properties given) {
    StoreBuilder<KeyValueStore<String, Total>> store = Stores.keyValueStoreBuilder(
        given.getProperty("store").equals("memory") ? Stores.inMemoryKeyValueStore(STORE) : Stores.persistentKeyValueStore(STORE),
        Serdes.String(), Serdes.serdeFrom(WRITE, READ)).withCachingEnabled().withLoggingEnabled(Map.of());
    var ticks = new AvroSerde<>(Tick.class, Integer.parseInt(given.getProperty("in_schema")));
    var totals = new AvroSerde<>(TickTotal.class, Integer.parseInt(given.getProperty("out_schema")));
    var builder = new StreamsBuilder();
    builder.stream(given.getProperty("in"), Consumed.with(Serdes.String(), ticks))
        .processValues(new FixedKeyProcessorSupplier<String, Tick, TickTotal>() {
          @Override
          public FixedKeyProcessor<String, Tick, TickTotal> get() {
            return new Totals();
          }

          @Override
          public Set<org.apache.kafka.streams.state.StoreBuilder<?>> stores() {
            return Set.of(store);
          }
        })
        .to(given.getProperty("out"), Produced.with(Serdes.String(), totals));
    return builder.build();
  }
}
