/* Constructors of verdicts; see verdict.h for the promise. */
#include "lib/base/verdict.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"

static struct verdict make(enum verdict_class class, unsigned short code, const char *status,
	const char *format, va_list arguments) G_GNUC_PRINTF(4, 0);

static struct verdict make(enum verdict_class class, unsigned short code, const char *status,
	const char *format, va_list arguments)
{
	struct verdict verdict = {.class = class, .code = code};
	g_autofree char *text = g_strdup_vprintf(format, arguments);

	g_strlcpy(verdict.status, status, sizeof(verdict.status));
	text_printable(text, strlen(text), verdict.text, sizeof(verdict.text));
	return verdict;
}

struct verdict verdict_sent(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	struct verdict verdict = make(VERDICT_SENT, 250, "2.0.0", format, arguments);
	va_end(arguments);
	return verdict;
}

struct verdict verdict_held(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	struct verdict verdict = make(VERDICT_HELD, 250, "2.0.0", format, arguments);
	va_end(arguments);
	return verdict;
}

struct verdict verdict_discarded(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	struct verdict verdict = make(VERDICT_DISCARDED, 250, "2.0.0", format, arguments);
	va_end(arguments);
	return verdict;
}

struct verdict verdict_deferred(const char *status, const char *format, ...)
{
	va_list arguments;

	if (status[0] != '4')
		log_panic("verdict_deferred: status %s is not temporary", status);
	/* 452 is the code that RFC 5321 gives to "insufficient system storage". */
	unsigned short code = strcmp(status, "4.3.1") == 0 ? 452 : 451;
	va_start(arguments, format);
	struct verdict verdict = make(VERDICT_DEFERRED, code, status, format, arguments);
	va_end(arguments);
	return verdict;
}

struct verdict verdict_refused(const char *status, const char *format, ...)
{
	va_list arguments;
	unsigned short code = 550;

	if (status[0] != '5')
		log_panic("verdict_refused: status %s is not permanent", status);
	if (strcmp(status, "5.3.4") == 0)
		code = 552;
	else if (strcmp(status, "5.5.4") == 0)
		code = 501;
	va_start(arguments, format);
	struct verdict verdict = make(VERDICT_REFUSED, code, status, format, arguments);
	va_end(arguments);
	return verdict;
}

struct verdict verdict_unclear(const char *status, const char *format, ...)
{
	va_list arguments;

	if (status[0] != '5')
		log_panic("verdict_unclear: status %s is not permanent", status);
	va_start(arguments, format);
	struct verdict verdict = make(VERDICT_UNCLEAR, 550, status, format, arguments);
	va_end(arguments);
	return verdict;
}

static int gravity(const struct verdict *verdict)
{
	if (verdict->class == VERDICT_REFUSED)
		return 2;
	return verdict->class == VERDICT_UNCLEAR ? 1 : 0;
}

struct verdict verdict_graver(struct verdict first, struct verdict second)
{
	return gravity(&second) > gravity(&first) ? second : first;
}

const char *verdict_word(enum verdict_class class)
{
	switch (class) {
	case VERDICT_NONE:
		return "none";
	case VERDICT_SENT:
		return "sent";
	case VERDICT_DISCARDED:
		return "discarded";
	case VERDICT_DEFERRED:
		return "deferred";
	case VERDICT_REFUSED:
		return "refused";
	case VERDICT_HELD:
		return "held";
	case VERDICT_UNCLEAR:
		return "unclear";
	}
	log_panic("verdict_word: class %d", (int)class);
}

/* RFC 3463: class "." subject "." detail, each of the last two one to three digits. */
static gboolean is_status(const char *status)
{
	if (!g_ascii_isdigit(status[0]) || status[1] != '.')
		return FALSE;
	const char *place = status + 2;
	for (int part = 0; part < 2; part++) {
		int digits = 0;

		while (g_ascii_isdigit(*place) && digits < 3) {
			place++;
			digits++;
		}
		if (digits == 0 || *place != (part == 0 ? '.' : '\0'))
			return FALSE;
		if (part == 0)
			place++;
	}
	return TRUE;
}

struct verdict verdict_from_wire(guint class, guint code, const char *status, const char *text)
{
	static const char first_digit[] = {0, '2', '2', '4', '5', '2'};

	if (class < VERDICT_SENT || class > VERDICT_HELD || strlen(status) >= VERDICT_STATUS_SIZE ||
		!is_status(status) || status[0] != first_digit[class] ||
		code / 100 != (guint)(first_digit[class] - '0') || code > 599)
		return verdict_deferred("4.3.0", "internal answer not understood");

	struct verdict verdict = {.class = class, .code = (unsigned short)code};
	g_strlcpy(verdict.status, status, sizeof(verdict.status));
	text_printable(text, strlen(text), verdict.text, sizeof(verdict.text));
	return verdict;
}
