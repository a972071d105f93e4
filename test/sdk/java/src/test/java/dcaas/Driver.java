// SPDX-License-Identifier: ISC
package dcaas;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.huaweicloud.sdk.core.SdkResponse;
import com.huaweicloud.sdk.core.utils.JsonUtils;
import com.huaweicloud.sdk.dc.v3.DcClient;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The SDK's driver (drivers.py). It is no test: test_operations.py starts it by its name. */
class Driver extends Site {
    private static final ObjectMapper JSON =
        new ObjectMapper().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    private final Map<String, Method> operations = new TreeMap<>();

    /** Methods with one argument, a request, and an answer. */
    private void find() {
        for (Method method : DcClient.class.getMethods()) {
            if (method.getParameterCount() == 1 && SdkResponse.class.isAssignableFrom(method.getReturnType())) {
                String name = method.getName();
                operations.put(Character.toUpperCase(name.charAt(0)) + name.substring(1), method);
            }
        }
    }

    private Object perform(String line) throws Exception {
        Map<String, Object> order = JSON.readValue(line, new TypeReference<Map<String, Object>>() { });
        Method method = operations.get((String) order.get("operation"));
        try {
            Object answer = method.invoke(client, JSON.convertValue(order.get("request"), method.getParameterTypes()[0]));
            return Map.of("answer", JSON.readTree(JsonUtils.toJSON(answer)));
        } catch (InvocationTargetException e) {
            return Map.of("error", e.getCause().toString());
        } catch (IllegalArgumentException e) {
            return Map.of("error", e.toString());
        }
    }

    @Test
    void answersOrders() throws Exception {
        String[] address = env("DCAAS_DRIVER").split(":");
        find();
        try (Socket socket = new Socket(address[0], Integer.parseInt(address[1]));
            BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            Writer out = new OutputStreamWriter(socket.getOutputStream(), StandardCharsets.UTF_8)) {
            out.write(JSON.writeValueAsString(Map.of("operations", operations.keySet())) + "\n");
            out.flush();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                out.write(JSON.writeValueAsString(perform(line)) + "\n");
                out.flush();
            }
        }
    }
}
