/* What of a message is signed; see smime.h. */
#include "lib/mail/smime.h"

#include <openssl/err.h>
#include <string.h>

#include "lib/mail/param.h"
#include "lib/mail/smime_internal.h"

/* Where others may see other parts than we do, they may see another content than the one that is signed. */
enum { UNCLEAR = WALK_AMBIGUOUS | WALK_TYPE | WALK_ENCODING | WALK_FIELDS | WALK_NO_BODY };

gboolean smime_say(struct smime_check *check, const char *result, const char *format, ...)
{
	va_list arguments;

	g_free(check->found->reason);
	check->found->result = result;
	va_start(arguments, format);
	check->found->reason = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return FALSE;
}

static gboolean is_signature(const struct walk_entity *entity)
{
	return strcmp(entity->type, "application/pkcs7-signature") == 0 ||
		strcmp(entity->type, "application/x-pkcs7-signature") == 0;
}

static gboolean is_container(const struct walk_entity *entity)
{
	return strcmp(entity->type, "application/pkcs7-mime") == 0 || strcmp(entity->type, "application/x-pkcs7-mime") == 0;
}

/* smime-type of a container in lower case; "" when it is not there. The caller frees it. */
static char *container_type(const char *data, const struct walk_entity *entity)
{
	g_autoptr(GString) value = g_string_new(NULL);
	const char *place = data + entity->header;
	struct header_field field;

	while (walk_next_field(&place, data + entity->body, &field)) {
		if (!header_is(&field, "Content-Type"))
			continue;
		(void)param_value(field.data + field.name_length + 1, field.length - field.name_length - 1, "smime-type", value);
		break;
	}
	return g_ascii_strdown(value->str, (gssize)value->len);
}

gboolean smime_is_encrypted(const char *data, const struct walk *walk)
{
	const struct walk_entity *top = walk_entity(walk, 0);

	if (!is_container(top))
		return FALSE;
	g_autofree char *type = container_type(data, top);
	return strcmp(type, "enveloped-data") == 0 || strcmp(type, "authenveloped-data") == 0;
}

/*
 * Base64 is the only encoding that can bring DER through LMTP. What is no base64 is passed over, as by everybody else: what comes
 * out either is what was signed or it is not.
 */
static guint8 *decode(const char *data, const struct walk_entity *entity, gsize *length)
{
	gsize encoded = entity->end - entity->body;
	guint8 *out = g_malloc(encoded / 4 * 3 + 3);
	gint state = 0;
	guint save = 0;

	*length = g_base64_decode_step(data + entity->body, encoded, out, &state, &save);
	return out;
}

static void check_opaque(struct smime_check *check, const struct walk_entity *top)
{
	const char *data = check->question->data;
	g_autofree char *type = container_type(data, top);
	struct smime_signed inside = {0};

	if (*type && strcmp(type, "signed-data") != 0)
		return;
	if ((top->flags & UNCLEAR) || top->encoding != WALK_BASE64) {
		(void)smime_say(check, "fail", "the header of the signed message is not clear, or its encoding is not base64");
		return;
	}
	g_autofree guint8 *cms = decode(data, top, &inside.cms_length);
	inside.cms = cms;
	smime_cms_verify(check, &inside);
}

/* The parts of the multipart itself, not what is inside of them; `second` is NULL unless there are exactly two. */
static guint find_parts(const struct walk *walk, const struct walk_entity **first, const struct walk_entity **second)
{
	guint count = 0;

	*first = *second = NULL;
	for (guint i = 1; i < walk->entities->len; i++) {
		const struct walk_entity *entity = walk_entity(walk, i);

		if (entity->parent != 0)
			continue;
		count++;
		if (count == 1)
			*first = entity;
		else
			*second = entity;
	}
	return count;
}

static void check_detached(struct smime_check *check, const struct walk *walk)
{
	const char *data = check->question->data;
	const struct walk_entity *top = walk_entity(walk, 0), *content, *signature;
	guint count = find_parts(walk, &content, &signature);
	struct smime_signed inside = {0};

	/* PGP and whatever else may sign; with S/MIME the signature is the last part. */
	if (!signature || !is_signature(signature))
		return;
	if (count != 2 || (top->flags & (UNCLEAR | WALK_UNCLOSED))) {
		(void)smime_say(check, "fail", "not two parts, or they are not clear");
		return;
	}
	if (signature->encoding != WALK_BASE64 || (signature->flags & UNCLEAR) ||
		signature->end - signature->body > 2 * SMIME_BESIDE) {
		(void)smime_say(check, "fail", "the signature is not in base64, or too large");
		return;
	}
	g_autofree guint8 *cms = decode(data, signature, &inside.cms_length);
	inside.cms = cms;
	inside.content = data + content->header;
	inside.content_length = content->end - content->header;
	smime_cms_verify(check, &inside);
}

static gboolean has_signed_part(const struct walk *walk)
{
	for (guint i = 1; i < walk->entities->len; i++)
		if (is_signature(walk_entity(walk, i)) || is_container(walk_entity(walk, i)))
			return TRUE;
	return FALSE;
}

void smime_verify(const struct smime_question *question, struct authentication_smime *found)
{
	struct smime_check check = {.question = question, .found = found};
	struct walk walk;

	/* One that cannot be walked is refused long before; nothing is signed in it. */
	if (walk_message(question->data, question->length, &walk) == WALK_OK) {
		const struct walk_entity *top = walk_entity(&walk, 0);

		if (strcmp(top->type, "multipart/signed") == 0)
			check_detached(&check, &walk);
		else if (is_container(top))
			check_opaque(&check, top);
		else if (has_signed_part(&walk))
			(void)smime_say(&check, "none", "only a part of the message is signed");
	}
	walk_clear(&walk);
	ERR_clear_error();
}
