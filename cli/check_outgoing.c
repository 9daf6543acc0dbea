/*
 * Postfix's SMTP clients, by which the copies leave: what they may change of a message breaks its signature, after us and without a word in any log.
 * Knowingly not here: which of them carries which member's copy, since transport_maps may say anything; and that a server without 8BITMIME makes Postfix
 * convert 8-bit copies, which is so by default and concerns next to nobody.
 */
#include <string.h>

#include "cli/check_postfix.h"
#include "cli/postfix_text.h"
#include "lib/base/text.h"

enum { LINE_LIMIT = 998 }; /* bytes; ours are no longer (RFC 5322 2.1.1) */

static const char *const changers[] = {
	"smtp_generic_maps", "smtp_header_checks", "smtp_mime_header_checks", "smtp_nested_header_checks", "smtp_body_checks",
};

static void warn(struct postfix_check *part, const char *service, const char *name, const char *what)
{
	report_add(part->check->report, REPORT_WARNING, "Postfix: %s of %s %s: a copy's DKIM signature may break on its way out", name, service, what);
	report_todo(part->check->report, "see that it leaves the lists' copies alone, or give them a transport without it");
}

static void check_client(struct postfix_check *part, const char *service)
{
	const struct postfix *postfix = part->postfix;
	const char *limit = postfix_service_setting(postfix, service, "smtp_line_length_limit");
	guint64 bytes;

	for (gsize i = 0; i < G_N_ELEMENTS(changers); i++)
		if (*postfix_service_setting(postfix, service, changers[i]))
			warn(part, service, changers[i], "may change what leaves");
	if (text_parse_number(limit, strlen(limit), 1, LINE_LIMIT - 1, &bytes))
		warn(part, service, "smtp_line_length_limit", "breaks long lines");
	if (postfix_text_has(postfix_service_setting(postfix, service, "smtp_discard_ehlo_keywords"), "8bitmime") &&
		g_ascii_strcasecmp(postfix_service_setting(postfix, service, "disable_mime_output_conversion"), "yes") != 0)
		warn(part, service, "smtp_discard_ehlo_keywords", "has every 8-bit copy converted");
}

void check_outgoing(struct postfix_check *part)
{
	g_autoptr(GPtrArray) services = postfix_services(part->postfix);

	for (guint i = 0; i < services->len; i++) {
		const char *service = g_ptr_array_index(services, i);

		if (postfix_service_runs(part->postfix, service, "smtp"))
			check_client(part, service);
	}
}
