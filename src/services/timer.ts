/** The longest time that a timer can wait, some 24 days in milliseconds; asked for more, it would not wait at all. */
export const TIMER_MAX = 0x7fff_ffff;
