-- What the examples work on: the table of the README, an activation at 09:02,
-- and a role that writes alerts and may do nothing else.  Run as a superuser, in
-- an empty database.

CREATE EXTENSION poa_suppress;
INSERT INTO poa.manufacturer (manufacturer, name) VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list (guid) VALUES ('00-DB-12-34-56-78-90-A0');
INSERT INTO poa.device (device, device_type, smets, manufacturer, chf, mpxn)
VALUES ('00-DB-12-34-56-78-90-A0', 'ESME', 2, '1063', '88-73-84-90-6A-10-02-DB', '2000012345672');

CREATE TABLE alerts (
    alert_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_code text NOT NULL,
    chf guid,
    mpxn text,
    received_at timestamptz NOT NULL DEFAULT now()
);
SELECT poa.attach('alerts');
SELECT poa.track_activation('00-DB-12-34-56-78-90-A0', received_at => '2026-03-02 09:02Z');

CREATE ROLE writer LOGIN;
GRANT INSERT, SELECT ON alerts TO writer;
