/* Recipients by reception mode; see roster.h. */
#include "lib/list/roster.h"

#include "lib/base/log.h"

struct roster *roster_new(void)
{
	struct roster *roster = g_new0(struct roster, 1);

	/* Most lists have one way only: the others are made when somebody takes them. */
	roster->of[RECEPTION_MAIL] = recipients_new();
	return roster;
}

void roster_free(struct roster *roster)
{
	if (!roster)
		return;
	for (guint i = 0; i < RECEPTION_VARIANTS; i++)
		recipients_free(roster->of[i]);
	g_free(roster);
}

gboolean roster_add(struct roster *roster, enum reception reception, const char *address)
{
	if ((guint)reception >= RECEPTION_VARIANTS)
		log_panic("roster_add: %d", (int)reception);
	if (!roster->of[reception])
		roster->of[reception] = recipients_new();
	return recipients_add(roster->of[reception], address);
}

gboolean roster_has(const struct roster *roster, const char *address)
{
	for (guint i = 0; i < RECEPTION_VARIANTS; i++)
		if (roster->of[i] && recipients_has(roster->of[i], address))
			return TRUE;
	return FALSE;
}

/* Whether a more direct way than `reception` has it. */
static gboolean is_nearer(const struct roster *roster, guint reception, const char *address)
{
	for (guint i = 0; i < reception; i++)
		if (roster->of[i] && recipients_has(roster->of[i], address))
			return TRUE;
	return FALSE;
}

static guint thin(struct roster *roster, guint reception)
{
	struct recipients *all = roster->of[reception], *kept = recipients_new();
	guint gone = 0;

	for (guint i = 0; i < recipients_count(all); i++) {
		const char *address = recipients_get(all, i);

		if (is_nearer(roster, reception, address))
			gone++;
		else
			recipients_add(kept, address);
	}
	recipients_free(gone > 0 ? all : kept);
	roster->of[reception] = gone > 0 ? kept : all;
	return gone;
}

guint roster_settle(struct roster *roster)
{
	guint gone = 0;

	for (guint i = 1; i < RECEPTION_VARIANTS; i++)
		if (roster->of[i])
			gone += thin(roster, i);
	for (guint i = 0; i < RECEPTION_VARIANTS; i++) {
		if (!roster->of[i])
			continue;
		recipients_seal(roster->of[i]);
		if (recipients_count(roster->of[i]) == 0)
			g_clear_pointer(&roster->of[i], recipients_free);
	}
	return gone;
}

guint roster_count(const struct roster *roster, enum reception reception)
{
	return roster->of[reception] ? recipients_count(roster->of[reception]) : 0;
}

guint roster_total(const struct roster *roster)
{
	guint total = 0;

	for (guint i = 0; i < RECEPTION_VARIANTS; i++)
		total += roster_count(roster, (enum reception)i);
	return total;
}
