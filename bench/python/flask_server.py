"""Contender: Flask on gunicorn, with the one synchronous worker that is gunicorn's default."""

from child import HOST, MESSAGE, PORT, TEXT, die_with_parent, ready
from flask import Flask, Response, jsonify
from gunicorn.app.base import BaseApplication

app = Flask(__name__)


@app.get("/json")
def say_json():
    return jsonify(MESSAGE)


@app.get("/plaintext")
def say_text():
    return Response(TEXT, mimetype="text/plain")


class Server(BaseApplication):
    def load_config(self):
        self.cfg.set("bind", f"{HOST}:{PORT}")
        self.cfg.set("loglevel", "warning")
        self.cfg.set("when_ready", self.announce)
        self.cfg.set("post_fork", lambda arbiter, worker: die_with_parent())

    def load(self):
        return app

    @staticmethod
    def announce(arbiter):
        ready(arbiter.LISTENERS[0].getsockname()[1], children=lambda: arbiter.WORKERS)


Server().run()
