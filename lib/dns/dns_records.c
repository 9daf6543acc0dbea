/* Reading an answer with libc's resolver routines; see dns_records.h. */
#include "lib/dns/dns_records.h"

#include <arpa/nameser.h>
#include <string.h>

/* The character-strings of one record, joined. FALSE when they do not fill the record exactly. */
static gboolean join_strings(const guint8 *data, size_t length, GString *text)
{
	size_t at = 0;

	while (at < length) {
		size_t part = data[at];

		if (part > length - at - 1)
			return FALSE;
		g_string_append_len(text, (const char *)data + at + 1, (gssize)part);
		at += 1 + part;
	}
	return TRUE;
}

/* Reads one record of the answer section. FALSE with the reason. */
static gboolean read_record(ns_rr record, GPtrArray *texts, size_t *total, const char **why)
{
	g_autoptr(GString) text = g_string_new(NULL);

	*why = "a TXT record makes no sense";
	if (!join_strings(ns_rr_rdata(record), ns_rr_rdlen(record), text))
		return FALSE;
	*total += text->len;
	*why = "too long a TXT record";
	if (text->len > TXT_RECORD_SIZE || *total > TXT_SIZE)
		return FALSE;
	*why = "too many TXT records";
	if (texts->len == TXT_RECORDS)
		return FALSE;
	if (!memchr(text->str, 0, text->len))
		g_ptr_array_add(texts, g_string_free(g_steal_pointer(&text), FALSE));
	return TRUE;
}

/* All TXT records of the answer section into `texts`; `*alias` when there is a CNAME. FALSE with the reason. */
static gboolean read_answers(ns_msg *message, GPtrArray *texts, gboolean *alias, const char **why)
{
	size_t total = 0;

	for (int i = 0; i < ns_msg_count(*message, ns_s_an); i++) {
		ns_rr record;

		*why = "an answer that makes no sense";
		if (ns_parserr(message, ns_s_an, i, &record) != 0)
			return FALSE;
		*alias = *alias || ns_rr_type(record) == ns_t_cname;
		if (ns_rr_type(record) == ns_t_txt && ns_rr_class(record) == ns_c_in &&
			!read_record(record, texts, &total, why))
			return FALSE;
	}
	return TRUE;
}

enum txt_result dns_records_read(const guint8 *packet, size_t length, GPtrArray *texts, const char **why)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
	gboolean alias = FALSE;
	ns_msg message;

	*why = "an answer that makes no sense";
	if (length > NS_MAXMSG || ns_initparse(packet, (int)length, &message) != 0)
		return TXT_TROUBLE;
	int code = ns_msg_getflag(message, ns_f_rcode);
	*why = code == ns_r_servfail ? "SERVFAIL" : "an answer with an error code";
	if (code != ns_r_noerror && code != ns_r_nxdomain)
		return TXT_TROUBLE;
	if (!read_answers(&message, found, &alias, why))
		return TXT_TROUBLE;
	/* NXDOMAIN behind an alias is said of where it leads to: the name itself is there (RFC 6604 section 2.1). */
	if (code == ns_r_nxdomain)
		return alias ? TXT_NO_RECORD : TXT_NO_NAME;
	if (found->len == 0)
		return TXT_NO_RECORD;
	while (found->len > 0)
		g_ptr_array_add(texts, g_ptr_array_steal_index(found, 0));
	return TXT_FOUND;
}
