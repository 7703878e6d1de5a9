--
-- Soft errors, from PostgreSQL 16 on: what is not a guid is no exception.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql

SELECT pg_input_is_valid('00-DB-12-34-56-78-90-A0', 'guid'), pg_input_is_valid('00-DB-12-34-56-78-90', 'guid'),
	pg_input_is_valid('{00db1234567890a0,x}', 'guid[]');
SELECT * FROM pg_input_error_info('00-DB-12-34-56-78-90', 'guid');
SELECT message, sql_error_code FROM pg_input_error_info('00-DB-12-34-56-78-90-A0', 'guid');
