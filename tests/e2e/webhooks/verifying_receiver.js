// node verifying_receiver.js SECRET: a receiver of webhooks that takes only what the package
// `standardwebhooks` (looked for in the working directory) finds to be signed. It answers 200 with
// what the package made of the body, or 422 with why it was refused.

const { createRequire } = require("module");
const { createServer } = require("http");
const { Webhook } = createRequire(process.cwd() + "/")("standardwebhooks");

const webhook = new Webhook(process.argv[2]);

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    try {
      const order = webhook.verify(Buffer.concat(chunks).toString("utf8"), request.headers);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ verified: order.order_id }));
    } catch (error) {
      response.writeHead(422).end(error.message);
    }
  });
});
server.listen(0, "127.0.0.1", () => console.error(`listening port=${server.address().port}`));
