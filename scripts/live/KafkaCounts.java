import java.io.BufferedReader;
import java.io.InputStreamReader;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/**
 * How many requests of each kind a broker has answered, by its own count.
 *
 * <p>{@code java KafkaCounts.java PORT}: for each line on standard input, lines "API VERSION COUNT" and an empty one.
 */
public class KafkaCounts {
  public static void main(String[] arguments) throws Exception {
    var url = new JMXServiceURL("service:jmx:rmi:///jndi/rmi://127.0.0.1:" + arguments[0] + "/jmxrmi");
    try (var connector = JMXConnectorFactory.connect(url)) {
      MBeanServerConnection server = connector.getMBeanServerConnection();
      var requests = new ObjectName("kafka.network:type=RequestMetrics,name=RequestsPerSec,*");
      var input = new BufferedReader(new InputStreamReader(System.in));
      while (input.readLine() != null) {
        for (ObjectName name : server.queryNames(requests, null)) {
          System.out.println(name.getKeyProperty("request") + " " + name.getKeyProperty("version") + " "
              + server.getAttribute(name, "Count"));
        }
        System.out.println();
        System.out.flush();
      }
    }
  }
}
