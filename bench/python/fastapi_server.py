"""Contender: FastAPI on uvicorn."""

from asgi import serve
from child import MESSAGE, TEXT
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI()


@app.get("/json")
async def say_json():
    return MESSAGE


@app.get("/plaintext", response_class=PlainTextResponse)
async def say_text():
    return TEXT


serve(app)
