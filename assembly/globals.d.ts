/**
 * Whether loads wider than a byte may be used at any address: 1 for WebAssembly, 0 for the build that becomes
 * JavaScript, whose typed arrays know no unaligned access. Set by asconfig.json.
 */
declare const WIDE_LOADS: i32;
