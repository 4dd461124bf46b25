export { type Found, Router } from "./router.ts";
