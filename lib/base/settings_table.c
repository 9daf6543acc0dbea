/* The table of settings as data; the rows stand in settings_table.h. */
#include "lib/base/log.h"
#include "lib/base/settings.h"

#define SETTING(scope, name, type, value, minimum, maximum, choices, help)                               \
	[SET_##name] = {scope, #name, type, value, minimum, maximum, choices, help},
static const struct setting_row rows[SETTING_COUNT] = {
#include "lib/base/settings_table.h"
};
#undef SETTING

const struct setting_row *settings_row(enum setting setting)
{
	if ((guint)setting >= SETTING_COUNT)
		log_panic("settings_row: setting %d", (int)setting);
	return &rows[setting];
}
