/* room: intake. lib/mail/smime.h: what needs no certificate. Real ones: test/session/test_smime.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/smime_internal.h"
#include "test/unit/mail_help.h"

static const struct {
	const char *type;
	gboolean encrypted;
} types[] = {
	{"application/pkcs7-mime; smime-type=enveloped-data", TRUE},
	{"application/x-pkcs7-mime; name=smime.p7m; smime-type=\"Enveloped-Data\"", TRUE},
	{"application/pkcs7-mime; smime-type=authEnveloped-data", TRUE},
	{"application/pkcs7-mime;\r\n smime-type=enveloped-data", TRUE},
	{"application/pkcs7-mime; smime-type=signed-data", FALSE},
	{"application/pkcs7-mime", FALSE},
	{"application/pkcs7-signature; smime-type=enveloped-data", FALSE},
	{"text/plain; smime-type=enveloped-data", FALSE},
	{"multipart/mixed; boundary=x; smime-type=enveloped-data", FALSE},
};

static void test_encrypted(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
		g_autofree char *text = g_strdup_printf("From: a@b\r\nContent-Type: %s\r\n\r\nx\r\n", types[i].type);
		struct help_message message = help_message(text);
		struct walk walk;

		assert_int_equal(walk_message(message.data, message.length, &walk), WALK_OK);
		if (smime_is_encrypted(message.data, &walk) != types[i].encrypted)
			fail_msg("%s", types[i].type);
		walk_clear(&walk);
		help_clear(&message);
	}
}

/* A SignedData of type "x", version, digests, content and whatever follows, each as hexadecimal. */
static const struct {
	const char *what, *hex;
	gint beside; /* -1: cannot be read */
} containers[] = {
	{"DER", "3012" "060178" "a00d" "300b" "020101" "3100" "3002" "0000" "3100", 16},
	{"a longer content", "3014" "060178" "a00f" "300d" "020101" "3100" "3004" "00000000" "3100", 16},
	{"BER without lengths", "3080" "060178" "a080" "3080" "020101" "3100" "3080" "0401ff" "0000" "3100" "0000" "0000" "0000", 22},
	{"open elements in each other", "3080" "060178" "a080" "3080" "020101" "3100" "3080" "3080" "a080" "0000" "0000" "0000" "3100", 16},
	{"nothing behind the content", "3010" "060178" "a00b" "3009" "020101" "3100" "3002" "0000", 14},
	{"cut in the content", "3012" "060178" "a00d" "300b" "020101" "3100" "3005" "0000", -1},
	{"an open content without end", "3080" "060178" "a080" "3080" "020101" "3100" "3080" "0401ff", -1},
	{"a length that is too large", "3084ffffffff" "060178", -1},
	{"a length of too many bytes", "3089ffffffffffffffffff" "060178", -1},
	{"cut in a length", "3082ff", -1},
	{"one byte", "30", -1},
	{"nothing", "", -1},
};

static guint8 *bytes_of(const char *hex, gsize *length)
{
	guint8 *data = g_malloc(MAX(strlen(hex) / 2, 1));

	for (*length = 0; hex[2 * *length]; ++*length)
		data[*length] = (guint8)(g_ascii_xdigit_value(hex[2 * *length]) << 4 | g_ascii_xdigit_value(hex[2 * *length + 1]));
	return data;
}

static void test_measure(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(containers); i++) {
		gsize length, beside = 0;
		g_autofree guint8 *data = bytes_of(containers[i].hex, &length);
		gboolean good = smime_measure(data, length, &beside);

		if (good != (containers[i].beside >= 0) || (good && beside != (gsize)containers[i].beside))
			fail_msg("%s: %d, %zu", containers[i].what, good, beside);
	}
}

/* A million elements that only open: no recursion, and no end. */
static void test_measure_deep(void **state)
{
	g_autoptr(GByteArray) data = g_byte_array_new();
	gsize beside;

	for (guint i = 0; i < 1000000; i++)
		g_byte_array_append(data, (const guint8 *)"\x30\x80", 2);
	assert_false(smime_measure(data->data, data->len, &beside));
}

static const struct {
	const char *type, *encoding, *body, *result;
} messages[] = {
	{"text/plain", "7bit", "x", "none"},
	{"application/pkcs7-mime; smime-type=signed-data", "base64", "MIIB", "fail"},
	{"application/pkcs7-mime; smime-type=signed-data", "base64", "", "fail"},
	{"application/pkcs7-mime; smime-type=signed-data", "7bit", "MIIB", "fail"},
	{"application/pkcs7-mime; smime-type=enveloped-data", "base64", "MIIB", "none"},
	{"multipart/signed; boundary=x", "7bit", "--x\r\n\r\na\r\n--x\r\nContent-Type: application/pkcs7-signature\r\n\r\nMIIB\r\n--x--\r\n", "fail"},
	{"multipart/signed; boundary=x", "7bit", "--x\r\nContent-Type: application/pkcs7-signature\r\n\r\nMIIB\r\n--x--\r\n", "none"},
	{"multipart/signed; boundary=x", "7bit", "nothing", "none"},
	{"multipart/signed", "7bit", "--x", "none"},
};

static void test_forms(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(messages); i++) {
		g_autofree char *text = g_strdup_printf("From: a@b\r\nContent-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s",
			messages[i].type, messages[i].encoding, messages[i].body);
		struct help_message message = help_message(text);
		const struct smime_question question = {.data = message.data, .length = message.length, .author = "a@example.org"};
		struct authentication found;

		authentication_init(&found);
		smime_verify(&question, &found.smime);
		if (strcmp(found.smime.result, messages[i].result) != 0 || (found.smime.reason != NULL) != (*found.smime.result == 'f'))
			fail_msg("%s, %s: %s, %s", messages[i].type, messages[i].body, found.smime.result, found.smime.reason);
		authentication_clear(&found);
		help_clear(&message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_measure),
		cmocka_unit_test(test_measure_deep),
		cmocka_unit_test(test_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
