/*
 * Tells a service manager how we are (systemd's sd_notify protocol, one datagram each). Silent where none listens.
 */
#ifndef ROLLCALL_BASE_NOTIFY_H
#define ROLLCALL_BASE_NOTIFY_H

/** `state` is "READY=1", "RELOADING=1", "STOPPING=1" or "WATCHDOG=1". */
void notify_service_manager(const char *state);

/** How often WATCHDOG=1 is wanted, in milliseconds; -1: not at all. */
int notify_watchdog_interval(void);

#endif
