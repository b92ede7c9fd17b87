import java.io.File;
import org.apache.avro.Schema;
import org.apache.avro.compiler.specific.SpecificCompiler;

/** Makes Avro's specific classes from schema files: `java GenerateRecords.java OUT SCHEMA...`. */
public class GenerateRecords {
  public static void main(String[] arguments) throws Exception {
    for (int i = 1; i < arguments.length; i++) {
      var compiler = new SpecificCompiler(new Schema.Parser().parse(new File(arguments[i])));
      compiler.compileToDestination(null, new File(arguments[0]));
    }
  }
}
