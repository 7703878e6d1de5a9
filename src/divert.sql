/*
 * The trigger that stores an alert or diverts it.
 */

CREATE FUNCTION poa.divert() RETURNS trigger
	AS 'MODULE_PATHNAME', 'poa_divert' LANGUAGE C;
COMMENT ON FUNCTION poa.divert() IS
	'trigger: stores an alert, or diverts it to poa.suppression_log.'
	' Diverted is an AD1 whose hub has a suppressing window that holds its instant. Made a trigger by poa.attach. Raises 42703 and'
	' 42804 where a column it was given has gone or changed its type (MP102B)';
REVOKE ALL ON FUNCTION poa.divert() FROM PUBLIC;
