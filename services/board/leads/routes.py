"""The calls and the pages of leads, as the web application of the board has them."""

from fastapi import APIRouter

from services.board.leads import api, pages

routers: tuple[APIRouter, ...] = (api.router, pages.router)
