/** A module to be loaded. */
export function setup(): void {}
