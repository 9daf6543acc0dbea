/* An issue of a digest as a job; see job_digest.h. */
#include "lmtpd/dispatch/job_digest.h"

#include <errno.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/store/jobs.h"
#include "lib/wire/bundle.h"
#include "lmtpd/dispatch/store_trouble.h"

gint64 job_digest_issue(const struct store_job *job)
{
	return g_ascii_strtoll(jobs_field(job->fields, "issue"), NULL, 10);
}

static struct verdict no_memory(void)
{
	return verdict_deferred("4.3.1", "cannot make a memory file: %s", g_strerror(errno));
}

/* One post behind the others. What is damaged is cut off again: one bad post must not keep all others from their readers. */
static struct verdict add_post(struct store *store, const struct store_job *job, gint64 id, int fd)
{
	off_t before = lseek(fd, 0, SEEK_CUR);
	g_autoptr(GError) error = NULL;
	struct store_kept kept;

	if (!store_kept_get(store, id, &kept, &error))
		return store_trouble(error);
	/* That it is gone is said where its message is not there. */
	gboolean begun = bundle_begin(fd, kept.list ? kept.archived_at : "", kept.size);
	store_kept_clear(&kept);
	if (!begun)
		return no_memory();
	switch (store_kept_write(store, id, fd, &error)) {
	case STORE_MESSAGE_WHOLE:
		return VERDICT_UNDECIDED;
	case STORE_MESSAGE_MISSING:
		log_warning("ALARM list=<%s>: a post is missing in the digest: %s", job->list, error->message);
		return ftruncate(fd, before) == 0 && lseek(fd, before, SEEK_SET) == before ? VERDICT_UNDECIDED : no_memory();
	case STORE_MESSAGE_TROUBLE:
		return store_trouble(error);
	}
	log_panic("add_post: unknown outcome");
}

static struct verdict read_posts(struct store *store, const struct store_job *job, int fd)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autoptr(GError) error = NULL;

	if (!store_digest_posts(store, job_digest_issue(job), ids, &error))
		return store_trouble(error);
	for (guint i = 0; i < ids->len && !verdict_is_final(&verdict); i++)
		verdict = add_post(store, job, g_array_index(ids, gint64, i), fd);
	return verdict;
}

static GVariant *describe(const struct store_job *job, const struct store_digest_issue *issue)
{
	g_autofree char *volume = g_strdup_printf("%u", issue->volume);
	g_autofree char *number = g_strdup_printf("%u", issue->number);
	g_autofree char *closed = g_strdup_printf("%" G_GINT64_FORMAT, issue->closed_at);

	return g_variant_ref_sink(jobs_fields((struct jobs_pair[]){{"issue", jobs_field(job->fields, "issue")}, {"volume", volume},
		{"number", number}, {"closed", closed}, {NULL, NULL}}));
}

struct verdict job_digest_read(struct store *store, const struct store_job *job, GVariant **fields, int *bundle)
{
	struct store_digest_issue issue;
	g_autoptr(GError) error = NULL;

	if (!store_digest_issue(store, job_digest_issue(job), &issue, &error))
		return store_trouble(error);
	if (issue.number == 0)
		return verdict_discarded("its issue is gone");
	io_autofd int fd = io_memory_file("digest");
	if (fd < 0)
		return no_memory();
	struct verdict verdict = read_posts(store, job, fd);
	if (verdict_is_final(&verdict))
		return verdict;
	if (!io_memory_seal(fd))
		return no_memory();
	*fields = describe(job, &issue);
	*bundle = io_steal_fd(&fd);
	return VERDICT_UNDECIDED;
}
