/*
 * Replies and their meaning; see pipe_reply.h. RFC 5321 4.2, RFC 3463 (enhanced codes), pipe(8), <sysexits.h>.
 *
 *   2xx to the final dot              0 OK
 *   4xx, or 2xx and 3xx out of place 75 TEMPFAIL      Postfix keeps the post and tries again
 *   5xx to the greeting or LHLO      75               the service says no, the post was not looked at
 *   5xx with 5.5.z, or 500 to 504    75               the two programs misunderstand each other: not the author's fault
 *     or 555 without a code
 *   5xx with a 2.y.z or 4.y.z        75               contradicts itself
 *   5.1.z (but 5.1.7, 5.1.8)         67 NOUSER        no such list
 *   5.7.z, 5.1.7, 5.1.8              77 NOPERM        refused, or the sender is
 *   5.6.z, 5.2.3, 5.3.4, bare 552    65 DATAERR       the message is bad or too large
 *   any other 5xx                    69 UNAVAILABLE   refused for good, for a reason of the list or the system
 */
#include "cli/pipe_reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

/* isdigit(3) asks the locale; mail is ASCII. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "250-text", "250 text" or "250"; the code, or 0. */
static int reply_code(const char *line)
{
	if (line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2]))
		return 0;
	if (line[3] != '\0' && line[3] != ' ' && line[3] != '-')
		return 0;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

enum pipe_link_state pipe_reply_read(struct pipe_link *link, struct pipe_reply *reply)
{
	enum pipe_link_state state;
	const char *text;
	char *line;
	size_t length;
	int code;

	reply->code = 0;
	reply->used = 0;
	do {
		state = pipe_link_line(link, &line);
		if (state != PIPE_LINK_OK)
			return state;
		code = reply_code(line);
		if (code == 0 || (reply->code != 0 && code != reply->code))
			return PIPE_LINK_GARBAGE;
		reply->code = code;
		text = line[3] == '\0' ? line + 3 : line + 4;
		length = strlen(text);
		if (length + 2 > sizeof(reply->lines) - reply->used)
			return PIPE_LINK_GARBAGE;
		memcpy(reply->lines + reply->used, text, length);
		reply->used += length;
		reply->lines[reply->used++] = '\n';
		reply->lines[reply->used] = '\0';
	} while (line[3] == '-');
	return PIPE_LINK_OK;
}

/* Takes the first word of *text, of which there are `left` bytes; its length, 0 at the end of the line. */
static size_t next_word(const char **text, size_t *left)
{
	size_t blanks = strspn(*text, " \t");
	size_t length;

	blanks = blanks < *left ? blanks : *left;
	*text += blanks;
	*left -= blanks;
	length = strcspn(*text, " \t\n");
	return length < *left ? length : *left;
}

static bool is_word(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && strncasecmp(text, word, length) == 0;
}

bool pipe_reply_offers(const struct pipe_reply *reply, const char *keyword, const char *word)
{
	for (const char *line = reply->lines; *line; line += strcspn(line, "\n") + 1) {
		const char *text = line;
		size_t left = strcspn(line, "\n");
		size_t length = next_word(&text, &left);

		if (!is_word(text, length, keyword))
			continue;
		if (!word)
			return true;
		do {
			text += length;
			left -= length;
			length = next_word(&text, &left);
			if (length > 0 && is_word(text, length, word))
				return true;
		} while (length > 0);
	}
	return false;
}

/* The enhanced code at the start of the reply: its length and its numbers, 0 when there is none (RFC 3463, section 2). */
static size_t enhanced_code(const char *text, int numbers[3])
{
	const char *at = text;

	for (int i = 0; i < 3; i++) {
		int digits = 0;

		numbers[i] = 0;
		while (is_digit(*at) && digits++ < 3)
			numbers[i] = numbers[i] * 10 + (*at++ - '0');
		if (digits == 0 || (i < 2 && *at++ != '.'))
			return 0;
	}
	if (*at != ' ' && *at != '\n')
		return 0;
	return numbers[0] == 2 || numbers[0] == 4 || numbers[0] == 5 ? (size_t)(at - text) : 0;
}

static int status_of_enhanced(const int numbers[3])
{
	switch (numbers[1]) {
	case 1:
		return numbers[2] == 7 || numbers[2] == 8 ? EX_NOPERM : EX_NOUSER;
	case 2:
		return numbers[2] == 3 ? EX_DATAERR : EX_UNAVAILABLE;
	case 3:
		return numbers[2] == 4 ? EX_DATAERR : EX_UNAVAILABLE;
	case 5:
		return EX_TEMPFAIL;
	case 6:
		return EX_DATAERR;
	case 7:
		return EX_NOPERM;
	default:
		return EX_UNAVAILABLE;
	}
}

static int status_of_bare(int code)
{
	if ((code >= 500 && code <= 504) || code == 555)
		return EX_TEMPFAIL;
	return code == 552 ? EX_DATAERR : EX_UNAVAILABLE;
}

/* What a bounce shall say where the server did not. */
static const char *code_for(int status)
{
	switch (status) {
	case EX_OK:
		return "2.0.0";
	case EX_TEMPFAIL:
		return "4.3.0";
	case EX_DATAERR:
		return "5.3.4";
	default:
		return "5.0.0";
	}
}

static int status_of(const struct pipe_reply *reply, enum pipe_reply_to to, const int *numbers)
{
	int class = reply->code / 100;

	if (class == 2 && to == PIPE_REPLY_TO_END)
		return EX_OK;
	if (class != 5 || to == PIPE_REPLY_TO_US)
		return EX_TEMPFAIL;
	if (!numbers)
		return status_of_bare(reply->code);
	return numbers[0] == 5 ? status_of_enhanced(numbers) : EX_TEMPFAIL;
}

void pipe_reply_judge(const struct pipe_reply *reply, enum pipe_reply_to to, struct pipe_result *result)
{
	int numbers[3];
	bool enhanced = enhanced_code(reply->lines, numbers) > 0;
	int status = status_of(reply, to, enhanced ? numbers : NULL);
	int wanted = status == EX_OK ? 2 : status == EX_TEMPFAIL ? 4 : 5;

	if (enhanced && numbers[0] == wanted && reply->code / 100 == wanted)
		pipe_result_set(result, status, "%s", reply->lines);
	else
		pipe_result_set(result, status, "%s server said: %d %s", code_for(status), reply->code, reply->lines);
}

void pipe_result_set(struct pipe_result *result, int status, const char *format, ...)
{
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	vsnprintf(result->text, sizeof(result->text), format, arguments);
	va_end(arguments);
	result->status = status;
	length = strlen(result->text);
	while (length > 0 && strchr(" \n", result->text[length - 1]))
		result->text[--length] = '\0';
	for (char *c = result->text; *c; c++) {
		if (*c == '\n' || *c == '\t')
			*c = ' ';
		else if (*c < ' ' || *c > '~')
			*c = '?';
	}
}
