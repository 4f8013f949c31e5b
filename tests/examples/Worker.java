// A worker for orders of the kind "greet", one at a time, until SIGTERM. Needs a JDK from 17 on, no
// packages: `java tests/examples/Worker.java`.
//   ORDERS_URL     where the API is
//   ORDERS_TOKEN   its token, if it asks for one
//   WORKER         this worker's name
//   LEASE_SECONDS  how long after this worker's death another one gets its order

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class Worker {
    static final String API = setting("ORDERS_URL", "http://127.0.0.1:8099") + "/api/v1";
    static final String TOKEN = setting("ORDERS_TOKEN", "");
    static final String WORKER = setting("WORKER", "java-" + ProcessHandle.current().pid());
    static final int LEASE_SECONDS = Integer.parseInt(setting("LEASE_SECONDS", "30"));
    // A claim that waits is not given up at a stop: its answer may be on the way. So it waits
    // briefly.
    static final String CLAIM = """
            {"worker":"%s","kinds":["greet"],"wait_seconds":5,"lease_seconds":%d}"""
            .formatted(WORKER, LEASE_SECONDS);
    // Java has no JSON of its own, and these are all that is needed. The lease stands behind the
    // payload: its last occurrence is the one that counts.
    static final Pattern LEASE = Pattern.compile("(?s).*\"lease\":\"([^\"]*)\"");
    static final Pattern NAME = Pattern.compile("\"name\":\"([^\"\\\\]*)\"");
    static final Pattern SECONDS = Pattern.compile("\"seconds\":(\\d{1,4})");

    // HTTP/1.1, which needs no upgrade.
    static final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    static final ScheduledExecutorService renewals = Executors.newScheduledThreadPool(1, task -> {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        return thread;
    });
    static volatile boolean isStopping = false;
    static volatile int exitStatus = 1; // until the end is one that was asked for

    static String setting(String name, String standard) {
        return System.getenv().getOrDefault(name, standard);
    }

    static String first(Pattern pattern, String text, String standard) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? matcher.group(1) : standard;
    }

    static HttpResponse<String> post(String path, String body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(API + path))
                .timeout(Duration.ofSeconds(60))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body));
        if (!TOKEN.isEmpty()) request.header("Authorization", "Bearer " + TOKEN);
        return client.send(request.build(), BodyHandlers.ofString());
    }

    // The answer, unless the API is away or busy: then, after a pause, nothing. Every request may
    // be repeated.
    static Optional<HttpResponse<String>> tryToPost(String path, String body)
            throws InterruptedException {
        try {
            HttpResponse<String> answer = post(path, body);
            if (answer.statusCode() < 500) return Optional.of(answer);
        } catch (IOException error) {
            // refused, closed, cut short, timed out
        }
        Thread.sleep(1000);
        return Optional.empty();
    }

    // Keeps the lease while the work goes on, and learns from it that the order was cancelled.
    static void renew(String lease, CountDownLatch lost) {
        try {
            String body = "{\"lease_seconds\":%d}".formatted(LEASE_SECONDS);
            if (post("/leases/" + lease + "/renew", body).statusCode() == 409) lost.countDown();
        } catch (IOException | InterruptedException error) {
            // The next one may still come in time.
        }
    }

    // The work itself; it may stop early once the lease is lost.
    static String greet(String name, long seconds, CountDownLatch lost)
            throws InterruptedException {
        lost.await(seconds, TimeUnit.SECONDS);
        return "{\"greeting\":\"hello, %s\"}".formatted(name);
    }

    static void handle(String lease, String order) throws InterruptedException {
        CountDownLatch lost = new CountDownLatch(1);
        long rest = LEASE_SECONDS * 1000L / 3;
        var renewal = renewals.scheduleWithFixedDelay(
                () -> renew(lease, lost), rest, rest, TimeUnit.MILLISECONDS);
        String name = first(NAME, order, "");
        String action = "complete";
        String body;
        if (name.isEmpty()) {
            action = "fail";
            body = "{\"reason\":\"cannot_greet\",\"detail\":\"the payload has no name\"}";
        } else {
            body = greet(name, Long.parseLong(first(SECONDS, order, "0")), lost);
        }
        renewal.cancel(false);
        Optional<HttpResponse<String>> answer = Optional.empty();
        while (answer.isEmpty()) answer = tryToPost("/leases/" + lease + "/" + action, body);
        if (answer.get().statusCode() == 409) {
            // The order has ended, or another worker has it: drop it, and go on with the next.
            System.err.println("lease " + lease + " is lost: the order is not ours any more");
        } else if (answer.get().statusCode() != 200) {
            System.err.println(action + " was refused: " + answer.get().body());
        }
    }

    public static void main(String[] arguments) throws InterruptedException {
        Thread main = Thread.currentThread();
        // At SIGTERM: what it holds is finished first.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            isStopping = true;
            try {
                main.join();
            } catch (InterruptedException error) {
                // The end comes at once.
            }
            Runtime.getRuntime().halt(exitStatus);
        }));
        while (!isStopping) {
            Optional<HttpResponse<String>> answer = tryToPost("/claims", CLAIM);
            if (answer.isEmpty()) continue;
            String body = answer.get().body();
            if (answer.get().statusCode() != 200) {
                throw new IllegalStateException("the claim was refused: " + body);
            }
            String lease = first(LEASE, body, "");
            if (!lease.isEmpty()) handle(lease, body);
        }
        exitStatus = 0;
    }
}
