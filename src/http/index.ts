export { HttpError, type HttpErrorOptions } from "./errors.ts";
export { type HeadersInit, HttpHeaders } from "./headers.ts";
export { HttpRequest, type Params } from "./request.ts";
export { type Answer, type BodyInit, HttpResponse, json, type ResponseInit, toResponse } from "./response.ts";
