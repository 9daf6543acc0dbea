/*
 * The fan-out, variant by variant, each in two steps. PREPARE hands Postfix everything but the last byte, so that all that can fail has failed
 * while nothing is sent. COMMIT records INTENT, writes the last byte, records DONE. Between the two the intake child looks whether its LMTP
 * client is still there. Each variant has a record of its own: a retry sends those that are missing, to whoever wants them then. FINISH
 * records that the post is done, and keeps it for those who wait for it; where there is one variant and nobody waits, COMMIT has recorded that.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/store/store_kept.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/handover.h"
#include "lmtpd/dispatch/owner_note.h"
#include "lmtpd/dispatch/store_trouble.h"
#include "lmtpd/dispatch/variant.h"

enum { BACKLOG_POSTS = 10000 }; /* that wait for one archive: the archiver counts them each second */

GVariant *answer_prepare(struct phase *phase, GVariant *arguments, int fd)
{
	const char *way;
	enum reception reception;
	struct verdict verdict;

	g_variant_get(arguments, "(&s)", &way);
	fanout_drop(&phase->fanout);
	if (fd < 0 || !phase->fanout.list || !reception_find(way, &reception) || reception == RECEPTION_NOMAIL ||
		roster_count(phase->fanout.roster, reception) == 0)
		verdict = verdict_deferred("4.3.0", "internal trouble (prepare)");
	else
		verdict = variant_prepare(phase, reception, fd);
	if (verdict_is_final(&verdict))
		fanout_drop(&phase->fanout);
	return g_variant_new("(@(uuss))", wire_verdict(&verdict));
}

GVariant *answer_commit(struct phase *phase, GVariant *arguments, int fd)
{
	g_autoptr(GString) queue_id = g_string_new(NULL);
	struct verdict verdict = phase->fanout.ready ? variant_commit(phase, queue_id) : verdict_deferred("4.3.0", "internal trouble (commit)");

	fanout_drop(&phase->fanout);
	return g_variant_new("(@(uuss)s)", wire_verdict(&verdict), queue_id->str);
}

/*
 * A post of which a variant is ambiguous is finished but for that: what is wanted of it is kept, under a part of its own, and K stays open until it is
 * held. So whoever decides decides about that variant alone, and a release does not keep it once more. FALSE with `verdict` on trouble.
 */
static gboolean find_kept(struct phase *phase, guint8 part[STORE_KEY_SIZE], gboolean *kept, struct verdict *verdict)
{
	g_autoptr(GError) error = NULL;

	*kept = FALSE;
	if (!phase->fanout.ambiguous && handover_release(phase) == 0)
		return TRUE;
	enum store_state state = store_claim_part(phase->worker->store, "kept", part, NULL, &error);
	*kept = state == STORE_DONE;
	if (state == STORE_TROUBLE)
		*verdict = store_trouble(error);
	return state != STORE_TROUBLE;
}

/*
 * A post is archived unless too much waits already. Those that were promised stay, and the new ones are left out: so the gap is one piece that begins at an
 * alarm, can be brought in from a mailbox (rollcall archive import), and no flood pushes out what was there before. In doubt there is room.
 */
static gboolean may_archive(const struct phase *phase)
{
	const struct fanout *fanout = &phase->fanout;
	const struct settings *settings = phase->worker->settings;
	g_autoptr(GError) error = NULL;
	guint64 bytes;
	guint posts;

	if (!variant_is_archived(phase))
		return FALSE;
	if (!store_archive_backlog(phase->worker->store, fanout->list, &posts, &bytes, &error) ||
		(posts < BACKLOG_POSTS && bytes < (guint64)settings_number(settings, SET_archive_backlog, fanout->list)))
		return TRUE;
	g_autofree char *count = g_strdup_printf("%u", posts);
	log_warning("ALARM list=<%s> archive: %u posts of %" G_GUINT64_FORMAT " bytes wait already (archive_backlog): this one goes out and is not archived; "
				"see rollcall archive status", fanout->list, posts, bytes);
	owner_note(phase->worker->store, fanout->list, "note-archive", (struct jobs_pair[]){{"count", count}, {NULL, NULL}});
	return FALSE;
}

static struct verdict finish(struct phase *phase, const char *archived_at, gboolean digest, int fd)
{
	struct fanout *fanout = &phase->fanout;
	struct io_mapping message = {0};
	g_autoptr(GError) error = NULL;
	struct verdict verdict;
	guint8 part[STORE_KEY_SIZE];
	gboolean before;

	if (!find_kept(phase, part, &before, &verdict))
		return verdict;
	digest = digest && !before;
	gboolean archive = !before && may_archive(phase);
	if (fanout->whole && !digest && !archive)
		return verdict_sent("queued as %s", fanout->queue_ids->str);
	const struct store_kept_plan plan = {
		.list = fanout->list,
		.message = &message,
		.archived_at = archived_at,
		.digest = digest,
		.archive = archive,
		.queue_id = fanout->queue_ids->len > 0 ? fanout->queue_ids->str : digest || before ? "kept for the digest" :
			archive ? "kept for the archive" : "sent to nobody",
	};

	if ((digest || archive) && !answer_map_message(phase->worker->settings, fd, &message))
		return verdict_deferred("4.3.0", "internal trouble (finish)");
	gboolean kept = store_kept_add(phase->worker->store, fanout->ambiguous ? part : phase->key, &plan, &error);
	io_unmap(&message);
	/* Each variant has its own record. So a retry sends nothing twice, but without a promise to keep there is no reason for one. */
	if (!kept && (digest || archive || fanout->ambiguous))
		return store_trouble(error);
	if (fanout->ambiguous)
		return verdict_held("the mail system may have some of it already");
	if (!kept)
		log_warning("store: cannot record that %s is done: %s", plan.queue_id, error->message);
	return verdict_sent("%s%s", fanout->queue_ids->len > 0 ? "queued as " : "", plan.queue_id);
}

GVariant *answer_finish(struct phase *phase, GVariant *arguments, int fd)
{
	const char *archived_at;
	gboolean digest;
	struct verdict verdict;

	g_variant_get(arguments, "(&sb)", &archived_at, &digest);
	if (!phase->fanout.list || !phase->claimed || strlen(archived_at) > 2000)
		verdict = verdict_deferred("4.3.0", "internal trouble (finish)");
	else
		verdict = finish(phase, archived_at, digest, fd);
	fanout_clear(&phase->fanout);
	/* The next part of a digest is a post of its own. */
	if (verdict.class == VERDICT_SENT && phase->claimed) {
		store_release(phase->worker->store);
		phase->claimed = FALSE;
	}
	return g_variant_new("(@(uuss))", wire_verdict(&verdict));
}
