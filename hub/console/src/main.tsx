import { render } from 'preact'
import { watch_desk } from './decide/desk'
import { watch } from './hub'
import { watch_session } from './who'
import { Shell } from './shell/Shell'
import './style.css'

const place = document.getElementById('console')
if (place) render(<Shell />, place)
watch()
watch_session()
watch_desk()
