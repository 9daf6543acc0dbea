/*
 * room: trusted. Asks the CRM's door one thing and prints the answer: what test_crm.py drives.
 *     crm_probe CONFIG COMMAND [ARGUMENT…]     once
 *     crm_probe CONFIG                         commands on stdin, words separated by tabs, each answer ended by a line "."
 * Commands: find NAME DOMAIN, standing LIST PERSON, column LIST PERSON COLUMN, total LIST, call PROCEDURE LIST PERSON, recipients LIST ROLE-NUMBER, count LIST, lists, check, start.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/list/address.h"
#include "lib/base/log.h"
#include "lib/base/settings.h"
#include "lib/crm/crm.h"
#include "lib/wire/wire.h"

static void print_trouble(const struct verdict *verdict)
{
	printf("trouble %s %u %s %s\n", verdict_word(verdict->class), verdict->code, verdict->status, verdict->text);
}

static void find(struct crm *crm, char **words)
{
	struct verdict verdict = VERDICT_UNDECIDED;

	switch (crm_find_list(crm, words[1], words[2], &verdict)) {
	case CRM_FOUND:
		puts("found");
		break;
	case CRM_NOT_FOUND:
		puts("not found");
		break;
	case CRM_TROUBLE:
		print_trouble(&verdict);
		break;
	}
}

static void standing(struct crm *crm, char **words)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	guint bits = 0;

	if (crm_standing(crm, words[1], words[2], &bits, &verdict) == CRM_TROUBLE)
		print_trouble(&verdict);
	else
		printf("%s%s%s%s\n", bits & STANDING_SUBSCRIBER ? "subscriber" : "stranger",
			bits & STANDING_OWNER ? " owner" : "", bits & STANDING_MODERATOR ? " moderator" : "",
			bits & STANDING_LIST_HAS_MODERATOR ? " moderated" : "");
}

static void column(struct crm *crm, char **words)
{
	const struct crm_question question = {.list = words[1], .person = words[2], .column = words[3]};
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autofree char *value = NULL;

	switch (crm_column(crm, &question, &value, &verdict)) {
	case CRM_FOUND:
		printf("value %s\n", value ? value : "NULL");
		break;
	case CRM_NOT_FOUND:
		puts("not found");
		break;
	case CRM_TROUBLE:
		print_trouble(&verdict);
		break;
	}
}

static void total(struct crm *crm, char **words)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	guint members;

	if (crm_total(crm, words[1], &members, &verdict) == CRM_TROUBLE)
		print_trouble(&verdict);
	else
		printf("%u\n", members);
}

static void call(struct crm *crm, char **words)
{
	const struct crm_call_plan plan = {.procedure = words[1], .list = words[2], .person = words[3]};
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autofree char *said = NULL;

	switch (crm_call(crm, &plan, &said, &verdict)) {
	case CRM_CALL_DONE:
		printf("done %s\n", said ? said : "-");
		break;
	case CRM_CALL_REFUSED:
		printf("refused %s\n", said ? said : "-");
		break;
	case CRM_CALL_TROUBLE:
		print_trouble(&verdict);
		break;
	}
}

static void show_all(const struct roster *roster)
{
	for (guint mode = 0; mode < RECEPTION_VARIANTS; mode++)
		for (guint i = 0; i < roster_count(roster, (enum reception)mode); i++)
			printf("%s%s%s\n", recipients_get(roster->of[mode], i), mode == RECEPTION_MAIL ? "" : " ",
				mode == RECEPTION_MAIL ? "" : reception_word(mode));
}

/* recipients LIST [ROLE [AUTHOR [ADDRESSED…]]] */
static void recipients(struct crm *crm, char **words, gboolean show)
{
	enum list_role role = show && words[2] ? (enum list_role)atol(words[2]) : LIST_ROLE_POST;
	g_autoptr(GHashTable) addressed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct crm_wish wish = {.list = words[1], .role = role, .addressed = addressed};
	roster_auto struct roster *all = NULL;
	struct verdict verdict = VERDICT_UNDECIDED;
	struct crm_reading reading;
	gint64 start = g_get_monotonic_time();
	g_autofree char *status = NULL;

	if (show && words[2] && words[3]) {
		wish.author = words[3];
		for (char **word = words + 4; *word; word++)
			g_hash_table_add(addressed, address_key(*word));
	}
	switch (crm_roster(crm, &wish, &all, &reading, &verdict)) {
	case CRM_NOT_FOUND:
		puts("not found");
		return;
	case CRM_TROUBLE:
		if (all)
			log_panic("recipients in spite of trouble");
		print_trouble(&verdict);
		return;
	case CRM_FOUND:
		break;
	}
	reading.duplicates += roster_settle(all);
	printf("%u recipients, %u rows, %u skipped, %u duplicates, %u looping\n", roster_total(all), reading.rows,
		reading.skipped, reading.duplicates, reading.looping);
	double seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
	/* Not ru_maxrss, which remembers the parent's size. */
	g_file_get_contents("/proc/self/status", &status, NULL, NULL);
	const char *peak = strstr(status, "VmHWM:");
	fprintf(stderr, "seconds %.3f, CPU %.3f, peak %ld kB\n", seconds, (double)clock() / CLOCKS_PER_SEC,
		peak ? atol(peak + strlen("VmHWM:")) : -1);
	if (show)
		show_all(all);
}

static void lists(struct crm *crm)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autoptr(GArray) all = NULL;

	if (crm_lists(crm, &all, &verdict) == CRM_TROUBLE) {
		print_trouble(&verdict);
		return;
	}
	for (guint i = 0; i < all->len; i++) {
		const struct crm_list *list = &g_array_index(all, struct crm_list, i);

		printf("%s\t%s\t%u\t%u\t%u\t%s\n", list->value, list->address ? list->address : "-", list->members,
			list->owners, list->moderators, list->ambiguous ? "ambiguous" : "clear");
	}
}

static void check(GArray *findings)
{
	static const char *const words[] = {"good", "warning", "bad"};

	for (guint i = 0; i < findings->len; i++) {
		const struct crm_finding *finding = &g_array_index(findings, struct crm_finding, i);

		printf("%s%s: %s\n", words[finding->level], finding->refuse ? " refuse" : "", finding->text);
	}
	g_array_unref(findings);
}

static void run(struct crm *crm, char **words)
{
	guint count = g_strv_length(words);

	if (count == 3 && strcmp(words[0], "find") == 0)
		find(crm, words);
	else if (count == 3 && strcmp(words[0], "standing") == 0)
		standing(crm, words);
	else if (count == 4 && strcmp(words[0], "column") == 0)
		column(crm, words);
	else if (count == 2 && strcmp(words[0], "total") == 0)
		total(crm, words);
	else if (count == 4 && strcmp(words[0], "call") == 0)
		call(crm, words);
	else if (count >= 2 && strcmp(words[0], "recipients") == 0)
		recipients(crm, words, TRUE);
	else if (count == 2 && strcmp(words[0], "count") == 0)
		recipients(crm, words, FALSE);
	else if (count == 1 && strcmp(words[0], "lists") == 0)
		lists(crm);
	else if (count == 1 && strcmp(words[0], "check") == 0)
		check(crm_check(crm));
	else if (count == 1 && strcmp(words[0], "start") == 0)
		check(crm_check_start(crm));
	else
		log_panic("what is this command?");
}

static void serve(struct crm *crm)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		g_auto(GStrv) words = g_strsplit(g_strchomp(line), "\t", -1);

		run(crm, words);
		puts(".");
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	struct crm_breaker breaker = {0};

	signal(SIGPIPE, SIG_IGN);
	log_open("crm_probe", LOG_TARGET_STDERR);
	g_autoptr(GBytes) bytes = settings_read_file(argv[1], &error);
	if (!bytes)
		log_fatal("%s", error->message);
	settings_auto struct settings *settings =
		settings_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), argv[1], &error);
	if (!settings)
		log_fatal("%s", error->message);
	struct crm *crm = crm_new(settings, &breaker);
	if (argc > 2)
		run(crm, argv + 2);
	else
		serve(crm);
	crm_free(crm);
	return 0;
}
