/* Descriptors and words between the TLS front and the parser; see handoff.h. */
#include "lib/base/handoff.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/io.h"
#include "lib/base/text.h"

enum { DESCRIPTORS = 2 };

union ancillary {
	struct cmsghdr header; /* for its alignment */
	char space[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
};

gboolean handoff_send(int front, const struct handoff *handoff, struct deadline deadline)
{
	union ancillary ancillary = {.space = {0}};
	struct iovec text = {.iov_base = (void *)handoff->peer, .iov_len = strlen(handoff->peer) + 1};
	struct msghdr message = {.msg_iov = &text,
		.msg_iovlen = 1,
		.msg_control = &ancillary,
		.msg_controllen = sizeof(ancillary.space)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int descriptors[DESCRIPTORS] = {handoff->data, handoff->control};
	size_t size = handoff->control >= 0 ? sizeof(descriptors) : sizeof(descriptors[0]);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(size);
	message.msg_controllen = CMSG_SPACE(size);
	memcpy(CMSG_DATA(header), descriptors, size);
	while (sendmsg(front, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return FALSE;
		if (!deadline_poll(front, POLLOUT, deadline)) {
			errno = ETIMEDOUT;
			return FALSE;
		}
	}
	return TRUE;
}

/* Every descriptor in the packet, so that none is left open whatever was sent. */
static int take_descriptors(struct msghdr *message, int *descriptors)
{
	int count = 0;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		size_t bytes = header->cmsg_len - CMSG_LEN(0);

		for (size_t i = 0; i + sizeof(int) <= bytes; i += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + i, sizeof(fd));
			if (count < DESCRIPTORS)
				descriptors[count] = fd;
			else
				io_close(&fd);
			count++;
		}
	}
	return count;
}

enum handoff_result handoff_receive(int front, struct handoff *handoff)
{
	union ancillary ancillary;
	char peer[HANDOFF_PEER_SIZE];
	struct iovec text = {.iov_base = peer, .iov_len = sizeof(peer)};
	struct msghdr message = {.msg_iov = &text,
		.msg_iovlen = 1,
		.msg_control = &ancillary,
		.msg_controllen = sizeof(ancillary.space)};
	int descriptors[DESCRIPTORS] = {-1, -1};
	ssize_t length = recvmsg(front, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (length <= 0)
		return length == 0 || (errno != EAGAIN && errno != EINTR) ? HANDOFF_CLOSED : HANDOFF_NONE;
	int count = take_descriptors(&message, descriptors);
	if (count < 1 || count > DESCRIPTORS || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		io_close(&descriptors[0]);
		io_close(&descriptors[1]);
		return HANDOFF_NONE;
	}
	*handoff = (struct handoff){.data = descriptors[0], .control = descriptors[1]};
	text_printable(peer, strnlen(peer, (size_t)length), handoff->peer, sizeof(handoff->peer));
	return HANDOFF_RECEIVED;
}

gboolean handoff_say(int control, enum handoff_word word, const char *text, struct deadline deadline)
{
	char packet[HANDOFF_TEXT_SIZE] = {(char)word};

	g_strlcpy(packet + 1, text, sizeof(packet) - 1);
	return io_write_all(control, packet, 1 + strlen(packet + 1), deadline) == IO_OK;
}

int handoff_hear(int control, char *text, struct deadline deadline)
{
	char packet[HANDOFF_TEXT_SIZE];
	size_t length;

	text[0] = '\0';
	if (io_read(control, packet, sizeof(packet), deadline, &length) != IO_OK)
		return 0;
	text_printable(packet + 1, length - 1, text, HANDOFF_TEXT_SIZE);
	return (unsigned char)packet[0];
}
