/* Questions and answers of `rollcall explain`; see explain_letter.h. */
#include "lib/base/explain_letter.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/io.h"

gboolean explain_letter_write(int fd, GVariant *value)
{
	g_autoptr(GVariant) owned = g_variant_ref_sink(value);
	gsize length = g_variant_get_size(owned);

	if (length > EXPLAIN_LETTER) {
		errno = EFBIG;
		return FALSE;
	}
	return ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 &&
		io_write_all(fd, g_variant_get_data(owned), length, deadline_in(60)) == IO_OK;
}

/* Copied, not mapped: whoever wrote it may still have it open. */
GVariant *explain_letter_read(int fd, const char *type)
{
	struct stat status;

	if (fstat(fd, &status) != 0 || status.st_size <= 0 || status.st_size > EXPLAIN_LETTER)
		return NULL;
	gsize length = (gsize)status.st_size;
	g_autofree char *data = g_malloc(length);
	if (pread(fd, data, length, 0) != (ssize_t)length)
		return NULL;
	g_autoptr(GBytes) bytes = g_bytes_new_take(g_steal_pointer(&data), length);
	g_autoptr(GVariant) value = g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE(type), bytes, FALSE));
	return g_variant_is_normal_form(value) ? g_steal_pointer(&value) : NULL;
}
