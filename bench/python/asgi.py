"""uvicorn, as it runs by itself but for its access log: one worker, on httptools and uvloop where they are installed."""

import uvicorn

from child import HOST, PORT, ready


class Announced(uvicorn.Server):
    """Tells the port once it listens."""

    async def startup(self, *args, **kwargs):
        await super().startup(*args, **kwargs)
        ready(self.servers[0].sockets[0].getsockname()[1])


def serve(app):
    """Serves an ASGI application until a signal."""
    Announced(uvicorn.Config(app, host=HOST, port=PORT, log_level="warning", access_log=False)).run()
