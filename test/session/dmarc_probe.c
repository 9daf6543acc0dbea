/*
 * The table of DMARC cases (test/unit/dmarc_cases.h) against a real resolver: "dmarc_probe zone" prints what must be in DNS, "dmarc_probe ask
 * ADDRESS@PORT" runs them by lib/dns and prints what failed. Each case has a top-level domain of its own, so all are in DNS at once.
 */
#include <stdio.h>

#include "lib/dns/dns.h"
#include "test/unit/dmarc_help.h"

/* "a.test" is "a.zone7" for the seventh case, and "bank" is "bank7". */
static char *rename_domains(const char *text, guint number)
{
	g_autoptr(GRegex) regex = g_regex_new("\\b(test|bank)\\b", G_REGEX_CASELESS, 0, NULL);
	g_autofree char *replacement = g_strdup_printf("z\\g<1>%u", number);

	return text ? g_regex_replace(regex, text, -1, 0, replacement, 0, NULL) : NULL;
}

static enum txt_result ask(gpointer context, const char *name, GPtrArray *texts)
{
	return dns_txt(context, name, deadline_in(20), texts, NULL);
}

/*
 * "KIND NAME TEXT" a line: record (several by '|'), exists, refuse (which takes in all below), and answer, for the record that a refused name may have below.
 */
static void print_zone(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(dmarc_cases); i++) {
		for (guint k = 0; k < DMARC_CASE_NAMES && dmarc_cases[i].zone[k]; k++) {
			g_autofree char *line = rename_domains(dmarc_cases[i].zone[k], i);

			printf("%s %s\n", line[0] == '!' ? "refuse" : strchr(line, ' ') ? "record" : "exists", line + (line[0] == '!'));
			if (line[0] == '!' && !g_str_has_prefix(line, "!_dmarc."))
				printf("answer _dmarc.%s\n", line + 1);
		}
	}
}

static gboolean run_case(const struct settings *settings, guint number)
{
	const struct dmarc_case *one = &dmarc_cases[number];
	g_autofree char *author = rename_domains(one->author, number), *dkim = rename_domains(one->dkim, number);
	g_autofree char *spf = rename_domains(one->spf, number), *expected = rename_domains(one->expected, number);
	const struct dmarc_case renamed = {.author = author, .dkim = dkim, .spf = spf};
	struct dns *dns = dns_new(settings);
	const struct txt_door door = {.ask = ask, .context = dns};
	g_autofree char *aligned = NULL;
	g_autofree char *got = dmarc_help_run(&renamed, &door, &aligned);

	dns_free(dns);
	if (strcmp(got, expected) == 0 && (!one->aligned || strcmp(one->aligned, aligned) == 0))
		return TRUE;
	printf("%s: %s (%s), expected %s\n", one->name, got, aligned, expected);
	return FALSE;
}

int main(int count, char **arguments)
{
	if (count == 2 && strcmp(arguments[1], "zone") == 0) {
		print_zone();
		return 0;
	}
	if (count != 3)
		return 64;
	g_autofree char *text = g_strdup_printf("[rollcall]\nresolver = %s\ndns_deadline = 5\n", arguments[2]);
	settings_auto struct settings *settings = settings_parse(text, strlen(text), "probe", NULL);
	guint good = 0;

	if (!settings)
		return 64;
	for (guint i = 0; i < G_N_ELEMENTS(dmarc_cases); i++)
		good += run_case(settings, i) ? 1 : 0;
	printf("%u of %zu\n", good, G_N_ELEMENTS(dmarc_cases));
	return good == G_N_ELEMENTS(dmarc_cases) ? 0 : 1;
}
