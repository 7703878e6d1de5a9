/*-------------------------------------------------------------------------
 *
 * gbcs_parse.h
 *	  Reader of the GBCS use case CS06, Activate Firmware, without the server.
 *
 * src/gbcs_parse.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_GBCS_PARSE_H
#define POA_GBCS_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POA_FIRMWARE_VERSION_OCTETS		4
#define POA_FIRMWARE_HASH_OCTETS		32

typedef enum PoaGbcsStatus
{
	POA_GBCS_OK,				/* a CS06 message, read to its last octet */
	POA_GBCS_UNSUPPORTED,		/* a device's alert that it does not support a
								 * CS06 command, read likewise */
	POA_GBCS_NOT_CS06,			/* a message of another use case */
	POA_GBCS_INVALID			/* damaged, or no GBCS message at all */
} PoaGbcsStatus;

/* the values are those of the flag in the message */
typedef enum PoaGbcsKind
{
	POA_GBCS_COMMAND = 1,
	POA_GBCS_RESPONSE = 2,
	POA_GBCS_ALERT = 3
} PoaGbcsKind;

typedef enum PoaGbcsOutcome
{
	POA_GBCS_OUTCOME_NONE,		/* a command has none */
	POA_GBCS_ACCEPTED,			/* a future-dated command was taken on */
	POA_GBCS_SUCCEEDED,
	POA_GBCS_NO_IMAGE_HELD,
	POA_GBCS_HASH_MISMATCH,
	POA_GBCS_ACTIVATION_FAILURE
} PoaGbcsOutcome;

typedef struct PoaGbcsActivation
{
	PoaGbcsKind kind;

	/* who sends to whom, first octet most significant */
	uint64_t	originator;
	uint64_t	recipient;

	/* of the command, also in a response and an alert */
	uint64_t	counter;

	/* when the firmware is, or was, to be activated; see datetime_parse.h */
	bool		has_time;
	int64_t		usecs;
	bool		cancels;		/* the time is POA_GBCS_CANCELLATION */

	/* of the image, in a command */
	bool		has_firmware_hash;
	uint8_t		firmware_hash[POA_FIRMWARE_HASH_OCTETS];

	PoaGbcsOutcome outcome;
	bool		has_firmware_version;
	uint8_t		firmware_version[POA_FIRMWARE_VERSION_OCTETS];
} PoaGbcsActivation;

/*
 * Why a message is invalid: "The <field> <problem>."  The offset is that of
 * the octet, counted from 0, at which the reader stood.
 */
typedef struct PoaGbcsError
{
	const char *field;
	const char *problem;
	size_t		offset;
} PoaGbcsError;

extern PoaGbcsStatus poa_gbcs_activation_parse(const uint8_t *buf, size_t len,
											   PoaGbcsActivation *result,
											   PoaGbcsError *err);

#endif							/* POA_GBCS_PARSE_H */
