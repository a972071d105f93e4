-- SPDX-License-Identifier: ISC
-- From where and with what each thing was done, and repeats as one row: event_repeat finds what one more of the same is
-- added to, event_rate has how much of a kind a user did within the hour. token_user_id: the oldest of a user's tokens.

ALTER TABLE event ADD COLUMN address TEXT;
ALTER TABLE event ADD COLUMN credential TEXT;
ALTER TABLE event ADD COLUMN count BIGINT NOT NULL DEFAULT 1;
ALTER TABLE event ADD COLUMN last_time BIGINT NOT NULL DEFAULT 0;
UPDATE event SET last_time = create_time;
CREATE INDEX event_repeat ON event (resource_id, action, create_time);

CREATE TABLE event_rate (
	id TEXT PRIMARY KEY NOT NULL, -- project, user, action and kind
	hour BIGINT NOT NULL,
	done BIGINT NOT NULL,
	guard INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX event_rate_hour ON event_rate (hour);

DROP INDEX token_user;
CREATE INDEX token_user_id ON token (user_id, id);
