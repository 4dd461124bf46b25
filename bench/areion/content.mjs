/** What contenders answer with, and what the answers are compared with; those in Python have it in python/child.py. */

/** Content of the answer to GET /json. */
export const MESSAGE = { message: "Hello, World!" };

/** Content of the answer to GET /plaintext. */
export const TEXT = "Hello, World!";
