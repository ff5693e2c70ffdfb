// The page that shows a SARIF log in the viewer.
import * as React from 'react'
import * as ReactDOM from 'react-dom'
import {Viewer} from '@microsoft/sarif-web-component'

ReactDOM.render(<Viewer logs={[window.log]} />, document.getElementById('viewer'))
