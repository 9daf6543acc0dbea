/*
 * Whose certificate it is: the addresses in it. The names of the subject itself count only where there is no address in
 * subjectAltName, as in old certificates (RFC 8550 section 3).
 */
#include <openssl/x509v3.h>
#include <string.h>

#include "lib/list/address.h"
#include "lib/mail/smime_internal.h"

struct names {
	const char *author;
	char *first;
	gboolean match;
	guint count;
};

static void add_name(struct names *names, const ASN1_STRING *text, gboolean utf8)
{
	g_autoptr(GString) normal = g_string_new(NULL);

	if (names->match || names->count >= SMIME_NAMES)
		return;
	names->count++;
	/* With its length: a NUL in it is a byte that no address has. */
	if (address_normalise((const char *)ASN1_STRING_get0_data(text), (gsize)ASN1_STRING_length(text), utf8, normal) != ADDRESS_OK)
		return;
	names->match = names->author && address_same(normal->str, names->author);
	if (names->first && !names->match)
		return;
	g_free(names->first);
	names->first = g_strdup(normal->str);
}

static void add_alternatives(struct names *names, X509 *certificate)
{
	GENERAL_NAMES *list = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(list, i);

		if (name->type == GEN_EMAIL)
			add_name(names, name->d.rfc822Name, FALSE);
		else if (name->type == GEN_OTHERNAME && OBJ_obj2nid(name->d.otherName->type_id) == NID_id_on_SmtpUTF8Mailbox &&
			name->d.otherName->value->type == V_ASN1_UTF8STRING)
			add_name(names, name->d.otherName->value->value.utf8string, TRUE);
	}
	GENERAL_NAMES_free(list);
}

static void add_subject(struct names *names, X509 *certificate)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);

	for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_pkcs9_emailAddress, at)) >= 0;)
		add_name(names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), FALSE);
}

gboolean smime_names_match(X509 *certificate, const char *author, char **first)
{
	struct names names = {.author = author};

	add_alternatives(&names, certificate);
	if (names.count == 0)
		add_subject(&names, certificate);
	*first = names.first;
	return names.match;
}
