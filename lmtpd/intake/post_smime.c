/*
 * S/MIME for the stage "authenticate": the question to lib/mail/smime.h, and the door to a certificate's responder, which dispatch asks. What cannot
 * be found out makes the post not signed, never late: its author is then who he is without a signature.
 */
#include "lib/mail/smime.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/post.h"

static gboolean ask_responder(gpointer context, const char *url, GBytes *request, GBytes **response, char **reason)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	GVariant *bytes = g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, request, TRUE);
	g_autoptr(GVariant) answer = post_ask(context, WIRE_OCSP, g_variant_new("(s@ay)", url, bytes), -1, &verdict);

	if (!answer) {
		*reason = g_strdup(verdict.text);
		return FALSE;
	}
	g_autoptr(GVariant) found = g_variant_get_child_value(answer, 1);
	*response = g_variant_get_data_as_bytes(found);
	return TRUE;
}

void post_smime(struct post *post)
{
	struct message *message = post->message;
	const struct knowledge *knowledge = post->setup->knowledge;
	const struct smime_door door = {.ask = ask_responder, .context = post};
	const struct smime_question question = {
		.data = message->raw.data,
		.length = message->raw.length,
		.author = message->author,
		.arrived = g_get_real_time() / G_USEC_PER_SEC,
		.trust = knowledge->smime,
		.ocsp = settings_boolean(knowledge->settings, SET_smime_ocsp, NULL) ? &door : NULL,
	};

	smime_verify(&question, &message->authentication.smime);
}
