"""Contender: uvicorn alone, with a function that answers by path."""

import json

from asgi import serve
from child import MESSAGE, TEXT


async def send_answer(send, status, kind, body):
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def app(scope, receive, send):
    path = scope["path"]
    if path == "/json":
        await send_answer(send, 200, b"application/json", json.dumps(MESSAGE, separators=(",", ":")).encode())
    elif path == "/plaintext":
        await send_answer(send, 200, b"text/plain", TEXT.encode())
    else:
        await send_answer(send, 404, b"text/plain", b"Not Found")


serve(app)
