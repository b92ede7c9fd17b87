import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Avro in Confluent's framing, as fast as Avro's Java library does it: generated classes with custom coders, coders
 * and buffers used again, one set per thread, since Kafka Streams shares a serde among its threads. A frame with
 * another schema id than the expected one ends the run.
 */
public class AvroSerde<T extends SpecificRecordBase> implements Serde<T> {
  private final Class<T> type;
  private final int schemaId;

  AvroSerde(Class<T> type, int schemaId) {
    this.type = type;
    this.schemaId = schemaId;
  }

  @Override
  public Serializer<T> serializer() {
    var writers = ThreadLocal.withInitial(Writer::new);
    return (topic, value) -> writers.get().write(value);
  }

  @Override
  public Deserializer<T> deserializer() {
    var readers = ThreadLocal.withInitial(Reader::new);
    return (topic, frame) -> readers.get().read(frame);
  }

  private class Writer {
    private final SpecificDatumWriter<T> writer = new SpecificDatumWriter<>(type);
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(2048);
    private BinaryEncoder encoder;

    byte[] write(T value) {
      try {
        bytes.reset();
        bytes.write(0);
        for (int shift = 24; shift >= 0; shift -= 8) bytes.write(schemaId >>> shift);
        encoder = EncoderFactory.get().binaryEncoder(bytes, encoder);
        writer.write(value, encoder);
        encoder.flush();
        return bytes.toByteArray();
      } catch (IOException cause) {
        throw new UncheckedIOException(cause);
      }
    }
  }

  private class Reader {
    private final SpecificDatumReader<T> reader = new SpecificDatumReader<>(type);
    private BinaryDecoder decoder;

    T read(byte[] frame) {
      int id = (frame[1] & 255) << 24 | (frame[2] & 255) << 16 | (frame[3] & 255) << 8 | frame[4] & 255;
      if (frame[0] != 0 || id != schemaId) throw new IllegalStateException("schema id " + id + ", not " + schemaId);
      try {
        decoder = DecoderFactory.get().binaryDecoder(frame, 5, frame.length - 5, decoder);
        return reader.read(null, decoder);
      } catch (IOException cause) {
        throw new UncheckedIOException(cause);
      }
    }
  }
}
