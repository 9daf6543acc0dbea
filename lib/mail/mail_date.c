/* Dates for header fields; see mail_date.h. Not strftime(3): its names follow the locale. */
#include "lib/mail/mail_date.h"

#include <time.h>

char *mail_date(gint64 seconds)
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t moment = (time_t)seconds;
	struct tm tm = {.tm_mday = 1};

	/* It fails only for years that no int holds: a wrong date is then better than no post. */
	if (!gmtime_r(&moment, &tm))
		tm = (struct tm){.tm_mday = 1, .tm_year = 70, .tm_wday = 4};
	return g_strdup_printf("%s, %02d %s %04d %02d:%02d:%02d +0000", days[tm.tm_wday],
		tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}
