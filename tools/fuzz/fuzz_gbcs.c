/*-------------------------------------------------------------------------
 *
 * fuzz_gbcs.c
 *	  libFuzzer target for the reader of GBCS messages.
 *
 * The sanitizers watch the reads; what is checked here is that every answer
 * makes sense, and that a message which was read was read to its last octet.
 *
 *	make fuzz
 *
 * tools/fuzz/fuzz_gbcs.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "datetime_parse.h"
#include "gbcs_parse.h"

/* 0001-01-01 00:00:00 UTC; the latest instant is the cancellation itself */
#define EARLIEST	INT64_C(-63082281600000000)

#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Parse a copy that ends where the heap block ends, so that the sanitizer sees
 * a read behind it.
 */
static PoaGbcsStatus
parse_copy(const uint8_t *data, size_t size, PoaGbcsActivation *result,
		   PoaGbcsError *err)
{
	uint8_t    *copy = malloc(size > 0 ? size : 1);
	PoaGbcsStatus status;

	REQUIRE(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	status = poa_gbcs_activation_parse(copy, size, result, err);
	free(copy);
	return status;
}

static bool
same_activation(const PoaGbcsActivation *a, const PoaGbcsActivation *b)
{
	return a->kind == b->kind && a->originator == b->originator &&
		a->recipient == b->recipient && a->counter == b->counter &&
		a->has_time == b->has_time && a->usecs == b->usecs &&
		a->cancels == b->cancels && a->outcome == b->outcome &&
		a->has_firmware_hash == b->has_firmware_hash &&
		memcmp(a->firmware_hash, b->firmware_hash, sizeof(a->firmware_hash)) == 0 &&
		a->has_firmware_version == b->has_firmware_version &&
		memcmp(a->firmware_version, b->firmware_version,
			   sizeof(a->firmware_version)) == 0;
}

/*
 * What must hold of any message that was read.
 */
static void
check_activation(const PoaGbcsActivation *a)
{
	if (a->has_time)
		REQUIRE(a->usecs >= EARLIEST && a->usecs <= POA_GBCS_CANCELLATION);
	else
		REQUIRE(a->usecs == 0);
	REQUIRE(a->outcome <= POA_GBCS_ACTIVATION_FAILURE);
	REQUIRE(a->has_firmware_version == (a->outcome >= POA_GBCS_SUCCEEDED));
	REQUIRE(a->has_firmware_hash == (a->kind == POA_GBCS_COMMAND));

	switch (a->kind)
	{
		case POA_GBCS_COMMAND:
			REQUIRE(a->outcome == POA_GBCS_OUTCOME_NONE);
			REQUIRE(a->cancels ==
					(a->has_time && a->usecs == POA_GBCS_CANCELLATION));
			break;
		case POA_GBCS_RESPONSE:
			REQUIRE(!a->has_time && !a->cancels);
			REQUIRE(a->outcome != POA_GBCS_OUTCOME_NONE);
			break;
		case POA_GBCS_ALERT:
			REQUIRE(a->has_time && !a->cancels);
			REQUIRE(a->outcome >= POA_GBCS_SUCCEEDED);
			break;
		default:
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const PoaGbcsActivation zeros;
	static const uint8_t blank[14] = {0xDD};
	PoaGbcsActivation a;
	PoaGbcsActivation b;
	PoaGbcsError err;
	PoaGbcsStatus status;
	uint8_t    *longer;

	memset(&a, 0xA5, sizeof(a));
	memset(&b, 0x5A, sizeof(b));
	status = parse_copy(data, size, &a, &err);
	if (status == POA_GBCS_INVALID)
	{
		REQUIRE(err.field != NULL && err.problem != NULL);
		REQUIRE(err.offset <= size);
	}
	if (status != POA_GBCS_OK && status != POA_GBCS_UNSUPPORTED)
	{
		REQUIRE(same_activation(&a, &zeros));
		return 0;
	}
	if (status == POA_GBCS_OK)
		check_activation(&a);
	else
		REQUIRE(a.kind == POA_GBCS_ALERT && a.outcome == POA_GBCS_OUTCOME_NONE &&
				!a.has_time && !a.has_firmware_hash && !a.has_firmware_version);

	REQUIRE(parse_copy(data, size, &b, &err) == status);
	REQUIRE(same_activation(&a, &b));

	/* a blanked MAC header does not say how long the message is */
	if (size > sizeof(blank) && memcmp(data, blank, sizeof(blank)) == 0)
		return 0;

	/* one octet less: only an explicitly empty signature can be missed */
	if (parse_copy(data, size - 1, &b, &err) == status)
		REQUIRE(data[size - 1] == 0 && same_activation(&a, &b));

	/* one octet more, of a value that no signature begins with */
	longer = malloc(size + 1);
	REQUIRE(longer != NULL);
	memcpy(longer, data, size);
	longer[size] = 0xFF;
	REQUIRE(poa_gbcs_activation_parse(longer, size + 1, &b, &err) == POA_GBCS_INVALID);
	free(longer);
	return 0;
}
