/** `pyrois/engine`: text of templates, for `request.render`. */
export { TemplateError } from "./engine/error.ts";
export { EtaEngine } from "./engine/eta.ts";
export { LiquidEngine } from "./engine/liquid.ts";
export { Engine } from "./engine/nunjucks.ts";
export type { EngineOptions, Filter, TemplateOptions } from "./engine/options.ts";
