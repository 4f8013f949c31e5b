# python3 verifying_receiver.py SECRET: the same as verifying_receiver.js, by the standard library
# alone.

import base64
import hashlib
import hmac
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = base64.b64decode(sys.argv[1].removeprefix("whsec_"))


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        if f"v1,{expected}" in self.headers.get("webhook-signature", "").split(" "):
            self.answer(200, json.dumps({"verified": json.loads(body)["order_id"]}))
        else:
            self.answer(422, "No matching signature found")

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments):
        pass


server = HTTPServer(("127.0.0.1", 0), Receiver)
print(f"listening port={server.server_port}", file=sys.stderr, flush=True)
server.serve_forever()
