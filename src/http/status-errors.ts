/** An error for each status that is one: `throw new NotFoundError("no such user")`. */
import { HttpError, type HttpErrorOptions } from "./errors.ts";

/** 400 */
export class BadRequestError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(400, message, options);
  }
}

/** 401 */
export class UnauthorizedError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(401, message, options);
  }
}

/** 402 */
export class PaymentRequiredError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(402, message, options);
  }
}

/** 403 */
export class ForbiddenError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(403, message, options);
  }
}

/** 404 */
export class NotFoundError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(404, message, options);
  }
}

/** 405 */
export class MethodNotAllowedError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(405, message, options);
  }
}

/** 406 */
export class NotAcceptableError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(406, message, options);
  }
}

/** 407 */
export class ProxyAuthenticationRequiredError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(407, message, options);
  }
}

/** 408 */
export class RequestTimeoutError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(408, message, options);
  }
}

/** 409 */
export class ConflictError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(409, message, options);
  }
}

/** 410 */
export class GoneError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(410, message, options);
  }
}

/** 411 */
export class LengthRequiredError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(411, message, options);
  }
}

/** 412 */
export class PreconditionFailedError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(412, message, options);
  }
}

/** 413 */
export class ContentTooLargeError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(413, message, options);
  }
}

/** 414 */
export class URITooLongError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(414, message, options);
  }
}

/** 415 */
export class UnsupportedMediaTypeError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(415, message, options);
  }
}

/** 416 */
export class RangeNotSatisfiableError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(416, message, options);
  }
}

/** 417 */
export class ExpectationFailedError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(417, message, options);
  }
}

/** 418 */
export class ImATeapotError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(418, message, options);
  }
}

/** 421 */
export class MisdirectedRequestError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(421, message, options);
  }
}

/** 422 */
export class UnprocessableContentError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(422, message, options);
  }
}

/** 423 */
export class LockedError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(423, message, options);
  }
}

/** 424 */
export class FailedDependencyError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(424, message, options);
  }
}

/** 425 */
export class TooEarlyError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(425, message, options);
  }
}

/** 426 */
export class UpgradeRequiredError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(426, message, options);
  }
}

/** 428 */
export class PreconditionRequiredError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(428, message, options);
  }
}

/** 429 */
export class TooManyRequestsError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(429, message, options);
  }
}

/** 431 */
export class RequestHeaderFieldsTooLargeError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(431, message, options);
  }
}

/** 451 */
export class UnavailableForLegalReasonsError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(451, message, options);
  }
}

/** 500 */
export class InternalServerError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(500, message, options);
  }
}

/** 501 */
export class NotImplementedError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(501, message, options);
  }
}

/** 502 */
export class BadGatewayError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(502, message, options);
  }
}

/** 503 */
export class ServiceUnavailableError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(503, message, options);
  }
}

/** 504 */
export class GatewayTimeoutError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(504, message, options);
  }
}

/** 505 */
export class HTTPVersionNotSupportedError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(505, message, options);
  }
}

/** 506 */
export class VariantAlsoNegotiatesError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(506, message, options);
  }
}

/** 507 */
export class InsufficientStorageError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(507, message, options);
  }
}

/** 508 */
export class LoopDetectedError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(508, message, options);
  }
}

/** 510 */
export class NotExtendedError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(510, message, options);
  }
}

/** 511 */
export class NetworkAuthenticationRequiredError extends HttpError {
  constructor(message?: string, options?: HttpErrorOptions) {
    super(511, message, options);
  }
}
