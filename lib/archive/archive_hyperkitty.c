/*
 * HyperKitty by its Mailman interface, as mailman-hyperkitty 1.2.1 speaks it: POST URL/api/mailman/archive, multipart/form-data with `mlist` and the file
 * `message`, the key in "Authorization: Token KEY" (HyperKitty 1.3.5 and later; ?key= would end up in access logs). It answers {"url": "…"},
 * also for what it has already, so asking again is harmless; {"error": "…"} with 400 is about this very message. All else, 401, 403 and 404 too, is
 * a matter of set-up or of time, and no post is set aside for it: a proxy's 413 alone is about the post's size.
 * Redirects are not followed (a key must not travel), proxies of the environment not used, answers over 64 KiB not read.
 */
#include <curl/curl.h>
#include <string.h>

#include "lib/archive/archive.h"
#include "lib/base/text.h"

enum {
	CONNECT_TIME = 10, /* seconds */
	ANSWER_TIME = 60,  /* seconds; HyperKitty asks Mailman's core meanwhile */
	PROBE_TIME = 15,
	ANSWER_LIMIT = 64 * 1024,
	SHOWN = 120,
};

struct exchange {
	CURL *curl;
	struct curl_slist *fields;
	curl_mime *form;
	GString *answer;
	char error[CURL_ERROR_SIZE];
	const volatile gint *stop;
};

static size_t take_answer(char *data, size_t size, size_t count, void *place)
{
	struct exchange *exchange = place;

	if (exchange->answer->len + size * count > ANSWER_LIMIT)
		return 0;
	g_string_append_len(exchange->answer, data, (gssize)(size * count));
	return size * count;
}

static int look_whether_to_stop(void *place, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct exchange *exchange = place;

	return exchange->stop && *exchange->stop;
}

static gboolean set_up(struct exchange *exchange, const struct archive_post *post, const char *url, long seconds)
{
	g_autofree char *authorization = g_strdup_printf("Authorization: Token %s", post->key ? post->key : "");
	CURL *curl = curl_easy_init();

	exchange->curl = curl;
	exchange->answer = g_string_new(NULL);
	exchange->stop = post->stop;
	exchange->fields = curl_slist_append(NULL, authorization);
	/* Asking first whether a body is welcome costs a second where nobody answers that. */
	if (!curl || !exchange->fields || !curl_slist_append(exchange->fields, "Expect:"))
		return FALSE;
	/* An empty proxy is none, whatever the environment says. */
	gboolean good = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK && curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK && curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIME) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, seconds) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, exchange->fields) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_USERAGENT, "rollcall/" ROLLCALL_VERSION) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange->error) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_whether_to_stop) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_XFERINFODATA, exchange) == CURLE_OK && curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
	return good && (!*post->ca_file || curl_easy_setopt(curl, CURLOPT_CAINFO, post->ca_file) == CURLE_OK);
}

static void clear(struct exchange *exchange)
{
	curl_mime_free(exchange->form);
	curl_slist_free_all(exchange->fields);
	g_clear_pointer(&exchange->curl, curl_easy_cleanup);
	g_string_free(exchange->answer, TRUE);
}

static gboolean fill_form(struct exchange *exchange, const struct archive_post *post)
{
	exchange->form = curl_mime_init(exchange->curl);
	curl_mimepart *list = curl_mime_addpart(exchange->form);
	curl_mimepart *message = curl_mime_addpart(exchange->form);

	return list && message && curl_mime_name(list, "mlist") == CURLE_OK && curl_mime_data(list, post->list, CURL_ZERO_TERMINATED) == CURLE_OK &&
		curl_mime_name(message, "message") == CURLE_OK && curl_mime_filename(message, "message.txt") == CURLE_OK &&
		curl_mime_data(message, post->message->data, post->message->length) == CURLE_OK &&
		curl_easy_setopt(exchange->curl, CURLOPT_MIMEPOST, exchange->form) == CURLE_OK;
}

/* Whether the answer is an object with such a member: enough to know HyperKitty from a proxy's page. */
static gboolean has_member(const GString *answer, const char *name)
{
	const char *text = answer->str + strspn(answer->str, " \t\r\n");

	return *text == '{' && strstr(text, name);
}

static enum archive_result judge(struct exchange *exchange, CURLcode code, char **why)
{
	long status = 0;

	if (code != CURLE_OK) {
		*why = text_printable_dup(exchange->error, strlen(exchange->error), SHOWN);
		if (**why == '\0') {
			g_free(*why);
			*why = g_strdup(curl_easy_strerror(code));
		}
		return code == CURLE_ABORTED_BY_CALLBACK ? ARCHIVE_TROUBLE : ARCHIVE_SILENT;
	}
	curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 && status < 300 && has_member(exchange->answer, "\"url\""))
		return ARCHIVE_DONE;
	g_autofree char *shown = text_printable_dup(exchange->answer->str, exchange->answer->len, SHOWN);
	gboolean of_post = status == 413 || (status == 400 && has_member(exchange->answer, "\"error\""));
	const char *advice = status == 401 ? " (archive_key_file and MAILMAN_ARCHIVER_KEY differ?)"
		: status == 403            ? " (MAILMAN_ARCHIVER_FROM there does not have our address?)"
		: status >= 300 && status < 400 ? " (a redirect; archive must say where it ends)"
						: "";
	*why = g_strdup_printf("HTTP %ld%s: %s", status, advice, shown);
	return of_post ? ARCHIVE_REFUSED : status == 500 ? ARCHIVE_BROKEN : ARCHIVE_TROUBLE;
}

static enum archive_result run(struct exchange *exchange, gboolean ready, char **why)
{
	enum archive_result result = ARCHIVE_TROUBLE;

	if (ready)
		result = judge(exchange, curl_easy_perform(exchange->curl), why);
	else
		*why = g_strdup("cannot set up HTTP; is archive_ca_file good?");
	clear(exchange);
	return result;
}

enum archive_result archive_hyperkitty_put(const struct archive_post *post, char **why)
{
	g_autofree char *url = g_strconcat(post->place->where, "/api/mailman/archive", NULL);
	struct exchange exchange = {0};

	return run(&exchange, set_up(&exchange, post, url, ANSWER_TIME) && fill_form(&exchange, post), why);
}

enum archive_result archive_hyperkitty_ask(const struct archive_post *post, char **why)
{
	g_autofree char *list = g_uri_escape_string(post->list, NULL, FALSE);
	g_autofree char *url = g_strdup_printf("%s/api/mailman/urls?mlist=%s", post->place->where, list);
	struct exchange exchange = {0};

	return run(&exchange, set_up(&exchange, post, url, PROBE_TIME), why);
}
