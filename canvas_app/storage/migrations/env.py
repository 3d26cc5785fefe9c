"""Alembic's door: runs the steps on the connection ``Storage.upgrade()`` hands over."""

from alembic import context

from canvas_app.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
